"""The Training page: pairs, settings, and a run that continues without the app."""

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
                "Teach a model your own edit with a few dozen before/after pairs. Training continues when you close"
                " this window."
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
        self.pairs.read_again_requested.connect(trainings.read_on)
        self.pairs.correct_requested.connect(self._correct)
        self.form.value_set.connect(trainings.set_value)
        progress.start_requested.connect(lambda: trainings.start(self.form.device.currentData()))
        progress.pause_requested.connect(trainings.pause)
        progress.resume_requested.connect(trainings.resume)
        progress.stop_requested.connect(trainings.stop)
        progress.try_requested.connect(self._try)
        session.closing.connect(lambda: trainings.watch(False))
        self._finished: set[str] = set()
        self._show()

    def _begin_card(self) -> Card:
        self.choice = Choice()
        self.choice.setMinimumWidth(220)
        self.choice.activated.connect(lambda _: self.trainings.choose(self.choice.currentText()))
        self.delete = button(self.tr("Delete…"), self._ask_delete)
        self.choice_row = QWidget()  # with the line above it, which is hidden together with it
        self.choice_row.setLayout(
            column(inset(line()), Row(self.tr("Training"), "", self.choice, self.delete), spacing=0)
        )
        self.choice.setAccessibleName(self.tr("Training"))
        self.new = button(self.tr("Choose a folder of pairs…"), self.ask_folder)
        self.own = button(
            self.tr("Use your accepted edits"),
            lambda: self.begin(kept_pairs.folder_of(self.session.folder)),
            tip=self.tr("Edits are kept if “Keep edits for training” is on in the settings."),
        )
        self.describe = QCheckBox(self.tr("Let the model draft each description (slower)"))
        self.describe.setChecked(True)
        about = self.tr(
            "A folder with NAME-before.png, NAME-after.png and the instruction in NAME.txt; the folders before/ and"
            " after/; or metadata.jsonl, Parquet or another format that the documentation lists."
        )
        new = Plain(label(about, "muted"), row(self.new, self.own, 1, spacing=10), self.describe, spacing=12)
        both = QWidget()
        both.setLayout(column(new, self.choice_row, spacing=0))
        return Card(self.tr("New training"), both)

    def ask_folder(self) -> None:
        dialog = QFileDialog(self.window(), self.tr("Choose a folder of pairs"))
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
        self._show()  # edits may have been accepted meanwhile

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        super().hideEvent(event)
        self.trainings.watch(False)

    def _show(self) -> None:
        trainings, training = self.trainings, self.trainings.current
        self.new.setEnabled(not trainings.busy)
        rows = kept_pairs.folder_of(self.session.folder) / kept_pairs.ROWS
        self.own.setEnabled(not trainings.busy and rows.is_file())
        self.choice_row.setVisible(bool(trainings.names))
        for card in (self.progress, self.pairs, self.form):
            card.setVisible(training is not None)
        with quiet(self.choice):
            self.choice.clear()
            self.choice.addItems(list(trainings.names))
            self.choice.setCurrentText(training.name if training else "")
        if training is None:
            return
        state = training.status.state
        self.delete.setEnabled(not trainings.busy and state not in ACTIVE and training.pairs.state != "reading")
        self.progress.show_training(training)
        self.pairs.show_training(training)
        self.form.show_training(training, tuple(model.name for model in self.session.link.offer.models))
        if state == "finished" and training.name not in self._finished:
            self._finished.add(training.name)
            self.session.link.refresh()

    def _say(self, error: EngineError) -> None:
        self.session.message.emit(Message.of(error))

    # actions on a training

    def _try(self) -> None:
        """Selects the adapter and its base model in the editor."""
        training = self.trainings.current
        assert training is not None
        self.session.link.refresh()
        adapter = Path(str(training.config["output"])).name
        self.session.preferences.draw_with(model=str(training.config["base"]), adapter=adapter, adapter_weight=1.0)
        self.session.page_requested.emit("editor")

    def _correct(self) -> None:
        training = self.trainings.current
        assert training is not None
        pairs = PairReview(self.session, training.folder, training.pairs.rows)
        pairs.message.connect(self.session.message)
        dialog = ReviewDialog(pairs, self.window())
        dialog.corrected.connect(self.trainings.look)
        dialog.open()

    def _ask_delete(self) -> None:
        training = self.trainings.current
        assert training is not None
        question = Question(
            self.window(),
            self.tr("Delete the training"),
            self.tr("The copied pairs, checkpoints and samples of “{name}” are deleted.").format(name=training.name),
            self.tr("Your own pictures and the adapter are kept."),
        )
        question.offer(self.tr("Delete"), Role.DestructiveRole, self.trainings.delete)
        question.offer_cancel(preferred=True)
        question.open()
