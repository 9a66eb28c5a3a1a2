"""Review of the plan: the selected box, the turn that is shown, and the user's corrections, which can be undone."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from engine.api.advice import advice, is_drawable
from engine.api.chain import Box, Problem
from engine.api.notes import Note
from engine.api.protocol import Selection
from got_desktop.model.document import Document
from got_desktop.model.plan import Frame, Plan
from got_desktop.model.preferences import Preferences
from got_desktop.model.work import Work


class Review(QObject):
    selection_changed = Signal()
    turn_changed = Signal()

    def __init__(self, document: Document, work: Work, preferences: Preferences) -> None:
        super().__init__()
        self.document = document
        self.work = work
        self.preferences = preferences
        self.selected: int | None = None
        """Index of the selected box in the chain."""
        self.turn = 0
        """The turn whose boxes are shown."""
        document.changed.connect(self._follow)

    # what is shown

    @property
    def plan(self) -> Plan:
        """The plan to show; during planning, the part that is already written."""
        return self.work.draft or self.document.state.plan

    @property
    def frame(self) -> Frame:
        """The part of the picture that the plan's boxes refer to, in pixels."""
        state = self.document.state
        if self.work.draft is None:
            return state.frame
        return state.whole if self.preferences.drawing.new_picture else state.seen

    def select(self, index: int | None) -> None:
        if index != self.selected:
            self.selected = index
            self.selection_changed.emit()

    def show_turn(self, turn: int) -> None:
        self.turn = max(0, min(turn, self.plan.turns() - 1))
        self.turn_changed.emit()

    def _follow(self) -> None:
        plan = self.document.state.plan
        if self.selected is not None and self.selected >= len(plan.marks):
            self.select(None)
        if self.turn >= plan.turns():
            self.show_turn(plan.turns() - 1)

    # corrections

    def replan(self, plan: Plan, text: str, run: str = "") -> None:
        """Replaces the plan; `text` names the change for undo."""
        self.document.change(self.document.state.with_plan(plan), text, run)

    def choose_area(self, area: Selection | None, run: str = "") -> None:
        """Sets the area that an edit may change; None: the whole picture."""
        state = self.document.state
        if area != state.selection:
            self.document.change(state.selecting(area), self.tr("Choose the area to edit"), run)

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
        """Moves a box back in its turn's list by some places."""
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
        old_ids = {mark.id for mark in before.marks}
        self.select(next(i for i, mark in enumerate(plan.marks) if mark.id not in old_ids))

    # problems

    def faults(self) -> list[Problem]:
        """Problems that keep a part of the chain from having an effect; boxes without a color are not among them."""
        return [problem for problem in self.document.state.plan.chain.problems if problem.code != "no_color"]

    def is_answered(self) -> bool:
        """Whether the plan answers what the user wants now; True without a plan."""
        plan, preferences = self.document.state.plan, self.preferences
        return plan.empty or plan.origin.answers(preferences.drawing.task, preferences.instruction)

    @property
    def _everywhere(self) -> bool:
        drawing = self.preferences.drawing
        return drawing.new_picture or drawing.scope == "whole"

    def is_drawable(self) -> bool:
        """Whether something could come of applying the plan."""
        plan = self.document.state.plan
        return is_drawable(plan.chain, plan.origin, self._everywhere)

    def advice(self) -> tuple[Note, ...]:
        """What the user should know about the plan as a whole before it is drawn."""
        plan = self.document.state.plan
        return advice(plan.chain, replace(plan.origin, task=self.preferences.drawing.task), self._everywhere)
