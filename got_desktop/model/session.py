"""One window's session: its parts, and the tasks that involve several of them: runs, history and recovery."""

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
from got_desktop.model.earlier_jobs import EarlierJobs
from got_desktop.model.engine_link import EngineLink
from got_desktop.model.history import Entry, History
from got_desktop.model.keeping import Keeping, Unsaved
from got_desktop.model.messages import Message
from got_desktop.model.plan import Plan
from got_desktop.model.preferences import Preferences
from got_desktop.model.recovery import LeftBehind, Recovery, UnsavedWork
from got_desktop.model.results import Results, entry_of
from got_desktop.model.review import Review
from got_desktop.model.samples import Sample, samples
from got_desktop.model.state import State
from got_desktop.model.work import Work


class Session(QObject):
    message = Signal(object)
    """A Message for the user."""
    history_changed = Signal()
    page_requested = Signal(str)
    """The id of a page that the window should show."""
    closing = Signal()
    recoverable = Signal(object)
    """A list of LeftBehind: unsaved work of earlier windows."""

    def __init__(self, folder: Path, background: Background, link: EngineLink) -> None:
        super().__init__()
        self.folder = folder
        self.background = background
        self.link = link
        self.preferences = Preferences(folder, background, link)
        self.document = Document()
        self.display = Display(self.document, background)
        self.work = Work(self.document, link)
        self.earlier = EarlierJobs(self.document, self.work, self.preferences)
        self.review = Review(self.document, self.work, self.preferences)
        self.files = DocumentFiles(self.document, self.display, self.work, self.review, self.preferences, background)
        self.history = History(folder, self.preferences.settings.history_kept)
        self.recovery = Recovery(folder)
        self.keeping = self.make_keeping()
        self._unloading = False
        self.preferences.changed.connect(self._follow_settings)
        self.document.changed.connect(self.keeping.soon)
        self.document.renamed.connect(self.keeping.soon)
        self.work.queued.connect(self.keeping.keep)
        self.work.activity_changed.connect(self._follow_activity)
        self.work.results_changed.connect(self._follow_results)
        self.work.accepted.connect(self._keep_pair)
        self.work.message.connect(lambda message: self.message.emit(message.about("run")))
        self.files.message.connect(lambda message: self.message.emit(message.about("file")))
        for part in (self.preferences, self.display, self.keeping):
            part.failed.connect(self.say)

    def start(self) -> None:
        """Starts the engine and looks for unsaved work of earlier windows; called after the window is shown."""
        self.recovery.start()
        self.link.start()
        self.background.run(lambda say: self.recovery.left_behind(), self._offer_recovery, self.say)

    def say(self, error: EngineError) -> None:
        """Shows an error to the user."""
        self.message.emit(Message.of(error))

    def _follow_settings(self) -> None:
        self.history.max_entries = self.preferences.settings.history_kept

    # the document

    def open_sample(self, sample: Sample, plan: bool = False) -> None:
        """Opens a sample with its instruction; `plan` also starts planning."""
        self.preferences.instruction = sample.instruction
        drawing = replace(self.preferences.drawing, model="got-mini", new_picture=False)
        self.preferences.configure(drawing=drawing, first_start=False)
        self.files.open_sample(sample, self.run_plan if plan else lambda: None)

    def begin_first(self) -> None:
        """Opens a sample at the very first start, ready to plan."""
        self.open_sample(samples()[-1])

    def merge_down(self, layer: str) -> None:
        """Merges a layer with the one below it in the background."""
        state = self.document.state

        def finish(after: State) -> None:
            self.document.end()
            if self.document.state is state:  # otherwise it changed meanwhile, and the user can merge again
                self.document.change(after, self.tr("Merge layers"))

        def fail(error: EngineError) -> None:
            self.document.end()
            self.say(error)

        self.document.begin("merge")
        self.background.run(lambda say: state.merged(layer), finish, fail)

    # runs

    def run_plan(self, keep_user_boxes: bool = False, then: Callable[[], None] | None = None) -> None:
        self.review.select(None)
        words, drawing = self.preferences.instruction, self.preferences.drawing
        self._try(lambda: self.work.plan(words, drawing, keep_user_boxes, then))

    def run_apply(self, until: int | None = None) -> None:
        """Draws the plan, or its turns up to `until`; without a plan, plans and draws."""
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
        """Shows the error of an invalid request, which is not sent."""
        try:
            call()
        except EngineError as error:
            self.message.emit(Message.of(error, "run"))

    def unload(self) -> None:
        """Unloads the engine's model after its current job; the next job loads it again."""
        if self._unloading:
            return
        self._unloading = True

        def finish(job: str) -> None:
            self._unloading = False
            self.link.acknowledge(job)
            self.message.emit(Message("success", self.tr("The model was unloaded.")))

        def fail(error: EngineError) -> None:
            self._unloading = False
            self.say(error)

        self.link.run(
            lambda client: UnloadRequest(), lambda client, result: result.id, lambda event: None, finish, fail
        )

    # history

    def _follow_results(self) -> None:
        self.keeping.soon()
        results = self.work.results
        if results is None:
            return
        name = self.document.title
        self.background.run(lambda say: self.history.add(entry_of(results, name)), self._emit_history_changed, self.say)

    def _keep_pair(self, results: Results, index: int) -> None:
        if self.preferences.settings.keep_pairs:
            folder = kept_pairs.folder_of(self.folder)
            self.background.run(lambda say: kept_pairs.keep(folder, results, index), lambda nothing: None, self.say)

    def use_entry(self, entry: Entry) -> None:
        """Uses the instruction, settings and plan of an earlier edit."""
        self.preferences.use(entry.instruction, entry.again)
        state = self.document.state
        self.document.change(
            state.planned(Plan.of(entry.chain, entry.origin), state.whole), self.tr("Plan of an earlier edit")
        )

    def clear_history(self) -> None:
        """Deletes all entries without a star."""

        def finish(jobs: list[str]) -> None:
            for job in jobs:
                self.link.acknowledge(job)  # the engine need not keep their candidates
            self.history_changed.emit()

        self.background.run(lambda say: self.history.clear(), finish, self.say)

    def _emit_history_changed(self, nothing: None) -> None:
        self.history_changed.emit()

    # recovery and the end

    @property
    def unsettled(self) -> bool:
        """Whether closing the document would lose something: changes, undecided results or a running job."""
        return self.document.modified or self.work.busy or self.work.results is not None

    def _unsaved(self) -> Unsaved | None:
        document, job = self.document, self.work.job
        if document.modified or job:
            return document.state, document.path, self.preferences.instruction, job
        return None

    def _follow_activity(self) -> None:
        if not self.work.busy:  # its job is no longer to be found again
            self.keeping.soon()

    def _offer_recovery(self, works: list[LeftBehind]) -> None:
        if works:
            self.recoverable.emit(works)

    def recover(self, folder: Path) -> None:
        """Opens the unsaved work of an earlier window."""

        def resume(unsaved: UnsavedWork) -> None:
            self.preferences.instruction = unsaved.instruction
            self.preferences.changed.emit()
            self.earlier.recover(unsaved.job)
            self.keeping.replaced = [folder]
            self.keeping.soon()

        self.files.open_recovered(folder, resume)

    def make_keeping(self) -> Keeping:
        """Creates the object that saves unsaved work; called once."""
        return Keeping(self.recovery, self.background, self._unsaved)

    def close(self) -> None:
        """Ends this window's work, after the user decided about unsaved changes. Waits at most a few seconds."""
        self.keeping.stop()
        self.closing.emit()
        if self.work.busy:
            self.work.cancel()
        self.link.stop_watching()
        self.background.run(lambda say: self.link.close(), lambda nothing: None, waits=True)
        self.background.finish(5)
        with suppress(EngineError):  # no window is left to show the error
            self.preferences.store()
        self.recovery.close()
