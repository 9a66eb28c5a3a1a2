"""The page of trainings: pairs, settings, and a run that goes on without the app."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QCheckBox, QFileDialog, QWidget

from engine.api.errors import EngineError
from got_desktop.model import kept_pairs
from got_desktop.model.messages import Message
from got_desktop.model.pair_review import PairReview
from got_desktop.model.session import Session
from got_desktop.model.training import Trainings
from got_desktop.model.training_files import ACTIVE
from got_desktop.ui.controls import Choice, button, column, label, line, quiet, row
from got_desktop.ui.pages.parts import Card, PageView, Plain, Row, inset
from got_desktop.ui.pages.training_form import FormCard
from got_desktop.ui.pages.training_pairs import PairsCard
from got_desktop.ui.pages.training_progress import ProgressCard
from got_desktop.ui.pages.training_review import ReviewDialog
from got_desktop.ui.question import Question, Role


class TrainingPage(PageView):
    def __init__(self, session: Session) -> None:
        super().__init__(
            self.tr("Training"),
            self.tr(
                "Teach a model your own edit from a few dozen pictures before and after it. A training goes on when"
                " this window is closed."
            ),
        )
        self.session = session
        self.trainings = Trainings(session.folder / "training", session.background)
        self.pairs = PairsCard(session.background)
        self.form = FormCard()
        self.progress = ProgressCard(session.background)
        self.add(self._begin_card(), self.progress, self.pairs, self.form)
        trainings, progress = self.trainings, self.progress
        trainings.changed.connect(self._show)
        trainings.failed.connect(self._say)
        session.link.offer_changed.connect(self._show)
        session.link.ask_devices(self.form.offer_devices)
        self.pairs.read_on_asked.connect(trainings.read_on)
        self.pairs.correct_asked.connect(self._correct)
        self.form.value_set.connect(trainings.set_value)
        progress.start_asked.connect(lambda: trainings.start(self.form.device.currentData()))
        progress.pause_asked.connect(trainings.pause)
        progress.go_on_asked.connect(trainings.go_on)
        progress.stop_asked.connect(trainings.stop)
        progress.try_asked.connect(self._try)
        session.closing.connect(lambda: trainings.watch(False))
        self._finished: set[str] = set()
        self._show()

    def _begin_card(self) -> Card:
        self.choice = Choice()
        self.choice.setMinimumWidth(220)
        self.choice.activated.connect(lambda _: self.trainings.choose(self.choice.currentText()))
        self.delete = button(self.tr("Delete…"), self._ask_delete)
        self.chosen = QWidget()  # with the line over it, which goes with it
        self.chosen.setLayout(column(inset(line()), Row(self.tr("Training"), "", self.choice, self.delete), spacing=0))
        self.choice.setAccessibleName(self.tr("Training"))
        self.new = button(self.tr("Choose a folder of pairs…"), self.ask_folder)
        self.own = button(
            self.tr("Use the edits that you took"),
            lambda: self.begin(kept_pairs.folder_of(self.session.folder)),
            tip=self.tr("They are kept where the settings say so."),
        )
        self.describe = QCheckBox(self.tr("The model begins each description (slower)"))
        self.describe.setChecked(True)
        about = self.tr(
            "A folder with NAME-before.png, NAME-after.png and NAME.txt with the instruction; folders before/ and"
            " after/; or metadata.jsonl, Parquet and others that the handbook lists."
        )
        new = Plain(label(about, "muted"), row(self.new, self.own, 1, spacing=10), self.describe, spacing=12)
        both = QWidget()
        both.setLayout(column(new, self.chosen, spacing=0))
        return Card(self.tr("New training"), both)

    def ask_folder(self) -> None:
        dialog = QFileDialog(self.window(), self.tr("A folder with pairs"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(lambda name: self.begin(Path(name)))
        dialog.open()

    def begin(self, data: Path) -> None:
        self.trainings.begin(data, self.session.preferences.drawing.model, self.describe.isChecked())

    # following

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        super().showEvent(event)
        self.trainings.watch(True)
        self._show()  # edits may have been taken meanwhile

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        super().hideEvent(event)
        self.trainings.watch(False)

    def _show(self) -> None:
        trainings, shown = self.trainings, self.trainings.shown
        self.new.setEnabled(not trainings.busy)
        collected = kept_pairs.folder_of(self.session.folder) / kept_pairs.ROWS
        self.own.setEnabled(not trainings.busy and collected.is_file())
        self.chosen.setVisible(bool(trainings.names))
        for card in (self.progress, self.pairs, self.form):
            card.setVisible(shown is not None)
        with quiet(self.choice):
            self.choice.clear()
            self.choice.addItems(list(trainings.names))
            self.choice.setCurrentText(shown.name if shown else "")
        if shown is None:
            return
        state = shown.standing.state
        self.delete.setEnabled(not trainings.busy and state not in ACTIVE and shown.pairs.state != "reading")
        self.progress.show_training(shown)
        self.pairs.show_training(shown)
        self.form.show_training(shown, tuple(model.name for model in self.session.link.offer.models))
        if state == "finished" and shown.name not in self._finished:
            self._finished.add(shown.name)
            self.session.link.refresh()

    def _say(self, error: EngineError) -> None:
        self.session.said.emit(Message.of(error))

    # what is done with one

    def _try(self) -> None:
        """The editor works with the adapter and its base from now on."""
        shown = self.trainings.shown
        assert shown is not None
        self.session.link.refresh()
        adapter = Path(str(shown.config["output"])).name
        self.session.preferences.draw_with(model=str(shown.config["base"]), adapter=adapter, adapter_weight=1.0)
        self.session.page_asked.emit("editor")

    def _correct(self) -> None:
        shown = self.trainings.shown
        assert shown is not None
        pairs = PairReview(self.session, shown.folder, shown.pairs.rows)
        pairs.said.connect(self.session.said)
        dialog = ReviewDialog(pairs, self.window())
        dialog.corrected.connect(self.trainings.look)
        dialog.open()

    def _ask_delete(self) -> None:
        shown = self.trainings.shown
        assert shown is not None
        asked = Question(
            self.window(),
            self.tr("Delete the training"),
            self.tr("The pairs' copies, checkpoints and samples of “{name}” are deleted.").format(name=shown.name),
            self.tr("Your own pictures and the adapter stay as they are."),
        )
        asked.offer(self.tr("Delete"), Role.DestructiveRole, self.trainings.delete)
        asked.offer_cancel(preferred=True)
        asked.open()
