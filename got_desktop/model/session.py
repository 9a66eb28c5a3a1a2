"""One window's work: its parts, and what takes several of them: runs, history, recovery, start and end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.api.errors import EngineError
from engine.api.protocol import UnloadRequest
from got_desktop.background import Background
from got_desktop.model import kept_pairs
from got_desktop.model.display import Display
from got_desktop.model.document import Document
from got_desktop.model.document_files import DocumentFiles
from got_desktop.model.engine_link import EngineLink
from got_desktop.model.history import Entry, History
from got_desktop.model.keeping import Keeping, Unsaved
from got_desktop.model.messages import Message
from got_desktop.model.plan import Plan
from got_desktop.model.preferences import Preferences
from got_desktop.model.recovery import Kept, Recovery
from got_desktop.model.results import Results, entry_of
from got_desktop.model.review import Review
from got_desktop.model.samples import Sample, samples
from got_desktop.model.state import State
from got_desktop.model.work import Work


class Session(QObject):
    said = Signal(object)
    """A Message for the user."""
    history_changed = Signal()
    page_asked = Signal(str)
    """A page of the window is to be shown, by its id."""
    closing = Signal()
    recoverable = Signal(object)
    """Folders with unsaved work of windows that are gone."""

    def __init__(self, folder: Path, background: Background, link: EngineLink) -> None:
        super().__init__()
        self.folder = folder
        self.background = background
        self.link = link
        self.preferences = Preferences(folder, background, link)
        self.document = Document()
        self.display = Display(self.document, background)
        self.work = Work(self.document, link)
        self.review = Review(self.document, self.work, self.preferences)
        self.files = DocumentFiles(self.document, self.display, self.work, self.review, self.preferences, background)
        self.history = History(folder, self.preferences.settings.history_kept)
        self.recovery = Recovery(folder)
        self.keeping = self.make_keeping()
        self._unloading = False
        self.preferences.changed.connect(self._configured)
        self.document.changed.connect(self.keeping.soon)
        self.document.renamed.connect(self.keeping.soon)
        self.work.results_changed.connect(self._came)
        self.work.accepted.connect(self._taken)
        self.work.said.connect(self.said)
        self.files.said.connect(self.said)
        for part in (self.preferences, self.display, self.keeping):
            part.failed.connect(self.say)

    def start(self) -> None:
        """After the window is shown: the engine starts, and unsaved work of earlier windows is looked for."""
        self.recovery.start()
        self.link.start()
        self.background.run(lambda say: self.recovery.left_behind(), self._found, self.say)

    def say(self, error: EngineError) -> None:
        """Tells the user what went wrong."""
        self.said.emit(Message.of(error))

    def _configured(self) -> None:
        self.history.kept = self.preferences.settings.history_kept

    # the document

    def open_sample(self, sample: Sample, plan: bool = False) -> None:
        """A picture that comes with the program, with its instruction; with `plan`, it is planned at once."""
        self.preferences.instruction = sample.instruction
        drawing = replace(self.preferences.drawing, model="got-mini", new_picture=False)
        self.preferences.configure(drawing=drawing, first_start=False)
        self.files.open_sample(sample, self.run_plan if plan else lambda: None)

    def begin_first(self) -> None:
        """The first start ever: the sample is there, ready to be planned."""
        self.open_sample(samples()[-1])

    def merge_down(self, layer: str) -> None:
        """That layer and the one below it become one, in the background."""
        state = self.document.state

        def merged(after: State) -> None:
            self.document.end()
            if self.document.state is state:  # else it went on meanwhile, and the user merges again
                self.document.change(after, self.tr("Merge layers"))

        def not_merged(error: EngineError) -> None:
            self.document.end()
            self.say(error)

        self.document.begin("merge")
        self.background.run(lambda say: state.merged(layer), merged, not_merged)

    # runs

    def run_plan(self, keep_user_boxes: bool = False, then: Callable[[], None] | None = None) -> None:
        self.review.select(None)
        words, drawing = self.preferences.instruction, self.preferences.drawing
        self._try(lambda: self.work.plan(words, drawing, keep_user_boxes, then))

    def run_apply(self, until: int | None = None) -> None:
        """Draws the plan, or its turns up to one; without a plan, plans and draws."""
        plan = self.document.state.plan
        if until is not None:
            plan = plan.until(until)
        self._draw(None if plan.empty else plan)

    def run_both(self, keep_user_boxes: bool = False) -> None:
        if keep_user_boxes:
            return self.run_plan(keep_user_boxes, self.run_apply)
        self._draw(None)

    def _draw(self, plan: Plan | None) -> None:
        self.preferences.next_seed()
        words, drawing = self.preferences.instruction, self.preferences.drawing
        self._try(lambda: self.work.apply(words, drawing, plan))

    def _try(self, call: Callable[[], None]) -> None:
        """A request that makes no sense is said, not sent."""
        try:
            call()
        except EngineError as error:
            self.say(error)

    def unload(self) -> None:
        """Gives the memory back that the engine's model takes, after its present job; the next job loads it again."""
        if self._unloading:
            return
        self._unloading = True

        def unloaded(job: str) -> None:
            self._unloading = False
            self.link.acknowledge(job)
            self.said.emit(Message("success", self.tr("The model was unloaded.")))

        def not_unloaded(error: EngineError) -> None:
            self._unloading = False
            self.say(error)

        self.link.run(
            lambda client: UnloadRequest(), lambda client, result: result.id, lambda event: None, unloaded, not_unloaded
        )

    # history

    def _came(self) -> None:
        self.keeping.soon()
        found = self.work.results
        if found is None:
            return
        name = self.document.title
        self.background.run(lambda say: self.history.add(entry_of(found, name)), self._noted, self.say)

    def _taken(self, found: Results, index: int) -> None:
        if self.preferences.settings.keep_pairs:
            folder = kept_pairs.folder_of(self.folder)
            self.background.run(lambda say: kept_pairs.keep(folder, found, index), lambda nothing: None, self.say)

    def use_entry(self, entry: Entry) -> None:
        """The words, settings and plan of an earlier edit."""
        self.preferences.use(entry.instruction, entry.again)
        state = self.document.state
        self.document.change(state.planned(Plan.of(entry.chain), state.whole), self.tr("Plan of an earlier edit"))

    def clear_history(self) -> None:
        """Deletes every entry without a star."""
        self.background.run(lambda say: self.history.clear(), self._noted, self.say)

    def _noted(self, nothing: None) -> None:
        self.history_changed.emit()

    # recovery and the end

    @property
    def unsettled(self) -> bool:
        """Whether something would be lost with the document: changes, results that were not taken, a run."""
        return self.document.modified or self.work.busy or self.work.results is not None

    def _unsaved(self) -> Unsaved | None:
        document, job = self.document, self.work.job
        if document.modified or job:
            return document.state, document.path, self.preferences.instruction, job
        return None

    def _found(self, folders: list[Path]) -> None:
        if folders:
            self.recoverable.emit(folders)

    def recover(self, folder: Path) -> None:
        """Opens what a window that is gone had not saved."""

        def opened(kept: Kept) -> None:
            self.preferences.instruction = kept.instruction
            self.preferences.changed.emit()
            self.work.recover(kept.job, self.preferences.drawing)
            self.keeping.replaced = [folder]
            self.keeping.soon()

        self.files.open_kept(folder, opened)

    def make_keeping(self) -> Keeping:
        """What keeps unsaved work; called once, at the beginning."""
        return Keeping(self.recovery, self.background, self._unsaved)

    def close(self) -> None:
        """Ends what runs for this window; unsaved work was decided on before. Waits a few seconds at most."""
        self.keeping.stop()
        self.closing.emit()
        if self.work.busy:
            self.work.cancel()
        self.link.stop_watching()
        self.background.run(lambda say: self.link.close(), lambda nothing: None, waits=True)
        self.background.finish(5)
        with suppress(EngineError):  # there is no window any more that could say it
            self.preferences.store()
        self.recovery.close()
