"""One window's work: its document, what is chosen in it, the engine's work for it, history, settings and recovery."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from engine.api.chain import Box, Problem
from engine.api.errors import EngineError
from engine.api.protocol import Selection, UnloadRequest
from got_desktop.background import Background
from got_desktop.model import kept_pairs, pictures, raster, recovery, settings
from got_desktop.model.display import Display, look
from got_desktop.model.document import Document
from got_desktop.model.engine_link import EngineLink
from got_desktop.model.error_words import line
from got_desktop.model.history import Entry, History
from got_desktop.model.keeping import Keeping, SettingsFile, Unsaved
from got_desktop.model.messages import Message
from got_desktop.model.plan import Frame, Plan
from got_desktop.model.recovery import Kept, Recovery
from got_desktop.model.results import Results, entry_of
from got_desktop.model.samples import Sample, samples
from got_desktop.model.settings import Defaults, Drawing, Settings, defaults_of
from got_desktop.model.state import State
from got_desktop.model.work import Work


class Session(QObject):
    said = Signal(object)
    """A Message for the user."""
    settings_changed = Signal()
    selection_changed = Signal()
    turn_changed = Signal()
    busy_changed = Signal()
    """A file is being read or written, or that has ended."""
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
        self.settings = settings.load(folder)
        self.document = Document()
        self.display = Display(self.document, background)
        self.work = Work(self.document, link)
        self.history = History(folder, self.settings.history_kept)
        link.device = self.settings.device
        self.recovery = Recovery(folder)
        self.instruction = self.settings.instruction
        self.selected: int | None = None
        """Index of the chosen box in the chain."""
        self.turn = 0
        """The turn whose boxes are shown."""
        self.filing = ""
        """What is done with files just now: "open", "save" or ""."""
        self._unloading = False
        self.keeping = self._make_keeping()
        self.keeping.failed.connect(self._say)
        self.settings_file = SettingsFile(folder, background, self._to_keep)
        self.settings_file.failed.connect(self._say)
        self.document.changed.connect(self._changed)
        self.document.renamed.connect(self.keeping.soon)
        self.work.results_changed.connect(self._came)
        self.work.accepted.connect(self._taken)
        self.work.said.connect(self.said)
        self.display.failed.connect(self._say)

    def start(self) -> None:
        """After the window is shown: the engine starts, and unsaved work of earlier windows is looked for."""
        self.recovery.start()
        self.link.start()
        self.background.run(lambda say: self.recovery.left_behind(), self._found, self._say)

    # settings

    @property
    def drawing(self) -> Drawing:
        return self.settings.drawing

    @property
    def task(self) -> str:
        """ "edit" or "text_to_image"."""
        return "text_to_image" if self.drawing.new_picture else "edit"

    @property
    def defaults(self) -> Defaults:
        """What the chosen model draws with where nothing else is asked for."""
        return defaults_of(self._description(), self.task)

    @property
    def image_size(self) -> int:
        """Side of the square that the chosen model draws at; 0 where it is not known yet."""
        return int(self._description().get("image_size", 0))

    def _description(self) -> Mapping[str, Any]:
        return next((m.description for m in self.link.offer.models if m.name == self.drawing.model), {})

    def draw_with(self, **change: object) -> None:
        """Other settings for the next run."""
        self.configure(drawing=replace(self.drawing, **change))

    def configure(self, **change: object) -> None:
        self.settings = replace(self.settings, **change)
        self.link.device, self.history.kept = self.settings.device, self.settings.history_kept
        self.settings_file.store()
        self.settings_changed.emit()

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
            self._say(error)

        self.link.run(
            lambda client: UnloadRequest(), lambda client, result: result.id, lambda event: None, unloaded, not_unloaded
        )

    def clear_history(self) -> None:
        """Deletes every entry without a star."""
        self.background.run(lambda say: self.history.clear(), self._noted, self._say)

    def use(self, instruction: str, drawing: Drawing) -> None:
        """The words and settings of a preset or of an earlier edit."""
        self.instruction = instruction
        self.configure(drawing=drawing)

    def _to_keep(self) -> Settings:
        return replace(self.settings, instruction=self.instruction)

    # files

    def open_file(self, path: Path) -> None:
        """Reads a file in the background; it takes the place of the open document when it is there."""

        def opened(read: tuple[State, raster.Pyramid]) -> None:
            self.configure(recent=self.settings.with_recent(path).recent)
            self._opened(read, path)

        self._open(lambda: pictures.read(path), opened)

    def open_image(self, image: QImage) -> None:
        """A picture that was pasted or dropped."""
        self._open(lambda: pictures.of_image(raster.from_qimage(image)), lambda found: self._opened(found, None))

    def open_bytes(self, data: bytes, name: str) -> None:
        self._open(lambda: pictures.of_bytes(data, name), lambda found: self._opened(found, None))

    def _open(self, read: Callable[[], State], opened: Callable[[tuple[State, raster.Pyramid]], None]) -> None:
        def with_look() -> tuple[State, raster.Pyramid]:
            state = read()
            return state, look(state)

        self._file("open")
        self.background.run(lambda say: with_look(), opened, self._not_filed)

    def open_sample(self, sample: Sample, plan: bool = False) -> None:
        """A picture that comes with the program, with its instruction; with `plan`, it is planned at once."""
        self.instruction = sample.instruction
        self.configure(drawing=replace(self.drawing, model="got-mini", new_picture=False), first_start=False)

        def opened(read: tuple[State, raster.Pyramid]) -> None:
            self._opened(read, None, saved=True)
            if plan:
                self.run_plan()

        self._open(lambda: pictures.read(sample.image), opened)

    def begin_first(self) -> None:
        """The first start ever: the sample is there, ready to be planned."""
        self.open_sample(samples()[-1])

    def save_file(self, path: Path) -> None:
        """Writes the present state in the background."""
        state, facts = self.document.state, self.settings.save_facts

        def saved(nothing: None) -> None:
            self._file("")
            self.document.saved(path, state)
            self.configure(recent=self.settings.with_recent(path).recent)
            self.said.emit(Message("success", self.tr("Saved {name}.").format(name=path.name)))

        self._file("save")
        self.background.run(lambda say: pictures.save(state, path, facts), saved, self._not_filed)

    def _opened(self, read: tuple[State, raster.Pyramid], path: Path | None, saved: bool = False) -> None:
        self._file("")
        state, seen = read
        self.work.leave()
        self.select(None)
        self.display.offer(state, seen)
        self.document.open(state, path, saved=saved or path is not None)
        self.show_turn(0)
        assert state.base is not None
        for note in state.base.notes:
            self.said.emit(Message("info", line(note)))

    def _file(self, what: str) -> None:
        self.filing = what
        self.busy_changed.emit()

    def _not_filed(self, error: EngineError) -> None:
        self._file("")
        self._say(error)

    def _say(self, error: EngineError) -> None:
        self.said.emit(Message.of(error))

    def merge_down(self, layer: str) -> None:
        """That layer and the one below it become one, in the background."""
        state = self.document.state

        def merged(after: State) -> None:
            self._file("")
            if self.document.state is state:  # else it went on meanwhile, and the user merges again
                self.document.change(after, self.tr("Merge layers"))

        self._file("merge")
        self.background.run(lambda say: state.merged(layer), merged, self._not_filed)

    # the plan under review

    @property
    def plan(self) -> Plan:
        """The plan to be shown: while one is written, what there is of it."""
        return self.work.draft or self.document.state.plan

    @property
    def frame(self) -> Frame:
        """The part of the picture, in its pixels, in which the plan's boxes lie."""
        state = self.document.state
        if self.work.draft is None:
            return state.frame
        return state.whole if self.drawing.new_picture else state.seen

    def choose_area(self, area: Selection | None, run: str = "") -> None:
        """The part that an edit may change; None: the whole picture."""
        state = self.document.state
        if area != state.selection:
            self.document.change(state.selecting(area), self.tr("Choose the area to edit"), run)

    def select(self, index: int | None) -> None:
        if index != self.selected:
            self.selected = index
            self.selection_changed.emit()

    def show_turn(self, turn: int) -> None:
        self.turn = max(0, min(turn, self.plan.turns() - 1))
        self.turn_changed.emit()

    def replan(self, plan: Plan, text: str, run: str = "") -> None:
        """The user's correction, undoable."""
        self.document.change(self.document.state.with_plan(plan), text, run)

    def add_box(self, box: Box, phrase: str) -> None:
        before = self.document.state.plan
        plan = before.added(box, phrase, self.turn)
        self.replan(plan, self.tr("Draw box"))
        new = {mark.id for mark in plan.marks} - {mark.id for mark in before.marks}
        self.select(next((index for index, mark in enumerate(plan.marks) if mark.id in new), None))

    def resize_box(self, index: int, box: Box, run: str = "") -> None:
        plan = self.document.state.plan
        if plan.chain.boxes[index].box != box:
            self.replan(plan.resized(index, box), self.tr("Move box"), f"{run}{plan.marks[index].id}" if run else "")

    def shift_box(self, index: int, by: int) -> None:
        """So many places further back in the list of its turn's boxes."""
        before = self.document.state.plan
        plan = before.shifted(index, by)
        if plan.marks != before.marks:
            self.replan(plan, self.tr("Reorder boxes"))
            self.select(plan.index(before.marks[index].id))

    def delete_box(self, index: int) -> None:
        self.replan(self.document.state.plan.deleted(index), self.tr("Delete box"))
        self.select(None)

    def duplicate_box(self, index: int) -> None:
        before = self.document.state.plan
        plan = before.duplicated(index)
        self.replan(plan, self.tr("Duplicate box"))
        known = {mark.id for mark in before.marks}
        self.select(next(i for i, mark in enumerate(plan.marks) if mark.id not in known))

    def faults(self) -> list[Problem]:
        """What is broken in the chain and would have no effect. A box without color is none: it was reasoned about."""
        return [problem for problem in self.document.state.plan.chain.problems if problem.code != "no_color"]

    def lost(self) -> Problem | None:
        """What is wrong with a box without which it is not known what an edit is to change."""
        everywhere = self.drawing.new_picture or self.drawing.scope == "whole"
        return None if everywhere else self.document.state.plan.chain.lost

    def changes_everything(self) -> bool:
        """Whether the plan marks no region, so that applying it would redraw everything that may change."""
        plan = self.document.state.plan
        return not (plan.empty or plan.chain.lost or self.drawing.new_picture) and plan.chain.changes_everything

    def _changed(self) -> None:
        plan = self.document.state.plan
        if self.selected is not None and self.selected >= len(plan.marks):
            self.select(None)
        if self.turn >= plan.turns():
            self.show_turn(plan.turns() - 1)
        self.keeping.soon()

    # runs

    def run_plan(self, keep_user_boxes: bool = False, then: Callable[[], None] | None = None) -> None:
        self.select(None)
        self._try(lambda: self.work.plan(self.instruction, self.drawing, keep_user_boxes, then))

    def run_apply(self, until: int | None = None) -> None:
        """Draws the plan, or its turns up to one; without a plan, plans and draws."""
        plan = self.document.state.plan
        if until is not None:
            plan = plan.until(until)
        self._next_seed()
        self._try(lambda: self.work.apply(self.instruction, self.drawing, None if plan.empty else plan))

    def run_both(self, keep_user_boxes: bool = False) -> None:
        if keep_user_boxes:
            return self.run_plan(keep_user_boxes, self.run_apply)
        self._next_seed()
        self._try(lambda: self.work.apply(self.instruction, self.drawing, None))

    def _next_seed(self) -> None:
        if not self.drawing.seed_locked:
            self.configure(drawing=self.drawing.with_any_seed())

    def _try(self, call: Callable[[], None]) -> None:
        """A request that makes no sense is said, not sent."""
        try:
            call()
        except EngineError as error:
            self._say(error)

    # history

    def _came(self) -> None:
        self.keeping.soon()
        found = self.work.results
        if found is None:
            return
        name = self.document.title
        self.background.run(lambda say: self.history.add(entry_of(found, name)), self._noted, self._say)

    def _taken(self, found: Results, index: int) -> None:
        if self.settings.keep_pairs:
            folder = kept_pairs.folder_of(self.folder)
            self.background.run(lambda say: kept_pairs.keep(folder, found, index), lambda nothing: None, self._say)

    def use_entry(self, entry: Entry) -> None:
        """The words, settings and plan of an earlier edit."""
        self.use(entry.instruction, entry.again)
        state = self.document.state
        self.document.change(state.planned(Plan.of(entry.chain), state.whole), self.tr("Plan of an earlier edit"))

    def _noted(self, nothing: None) -> None:
        self.history_changed.emit()

    # recovery

    @property
    def unsettled(self) -> bool:
        """Whether something would be lost with the document: changes, results that were not taken, a run."""
        return self.document.modified or self.work.busy or self.work.results is not None

    def _unsaved(self) -> Unsaved | None:
        document, job = self.document, self.work.job
        return (document.state, document.path, self.instruction, job) if document.modified or job else None

    def _found(self, folders: list[Path]) -> None:
        if folders:
            self.recoverable.emit(folders)

    def recover(self, folder: Path) -> None:
        """Opens what a window that is gone had not saved."""

        def read() -> tuple[Kept, raster.Pyramid]:
            kept = recovery.restore(folder)
            return kept, look(kept.state)

        def opened(found: tuple[Kept, raster.Pyramid]) -> None:
            kept, seen = found
            self._opened((kept.state, seen), kept.path)
            self.document.undo.resetClean()
            self.instruction = kept.instruction
            self.settings_changed.emit()
            self.work.recover(kept.job, self.drawing)
            self.keeping.replaced = [folder]
            self.keeping.soon()

        self._file("open")
        self.background.run(lambda say: read(), opened, self._not_filed)

    def _make_keeping(self) -> Keeping:
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
            settings.store(self.folder, self._to_keep())
        self.recovery.close()
