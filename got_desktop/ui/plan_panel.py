"""The plan under review: its turns, text and boxes."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from engine.api import language
from got_desktop.model.results import short
from got_desktop.model.session import Session
from got_desktop.ui.box_panel import BoxPanel
from got_desktop.ui.chain_editor import ChainEditor
from got_desktop.ui.chain_text import signs_in
from got_desktop.ui.controls import Choice, button, column, label, quiet, row, tool


class PlanPanel(QWidget):
    run_until_requested = Signal(int)
    """Draw the plan's turns up to this one."""
    draw_box_requested = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.editor = ChainEditor(session)
        self.editor.setMinimumHeight(110)
        self.boxes = BoxPanel(session)
        self.turns = Choice(elastic=True)
        self.turns.setMinimumWidth(76)
        self.turns.setAccessibleName(self.tr("Turn of the plan"))
        self.turns.activated.connect(session.review.show_turn)
        self.until = button(self.tr("Run to here"), lambda: self.run_until_requested.emit(session.review.turn))
        self.branch = tool("branch", self.tr("Branch from here: removes the turns after this one"), self._branch)
        self.steps = QFrame()
        self.steps.setLayout(row(self.turns, self.until, self.branch))
        self.faults = label("", "muted")
        self.answers = label("", "muted")
        self.use_words = tool("reuse", self.tr("Put these words into the instruction"), self._use_words)
        self.origin = QFrame()
        self.origin.setLayout(row(self.answers, self.use_words))
        draw = tool("box", self.tr("Draw a box (R)"), self.draw_box_requested.emit)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 8, 8)
        body = column(
            label(self.tr("What the model understood"), "heading", self.editor),
            self.origin,
            self.steps,
            self.editor,
            self.faults,
            row(label(self.tr("Boxes"), "heading", self.boxes.list), 1, draw),
            self.boxes,
        )
        layout.addLayout(body)
        layout.setStretch(0, 1)
        body.setStretch(3, 1)
        session.document.changed.connect(self.follow)
        session.work.draft_changed.connect(self.follow)
        session.review.turn_changed.connect(self.follow)
        session.preferences.changed.connect(self.follow)
        self.follow()

    def follow(self) -> None:
        session = self.session
        self.show_origin()
        count = session.review.plan.turns()
        self.steps.setVisible(count > 1)
        with quiet(self.turns):
            self.turns.clear()
            for number in range(count):
                self.turns.addItem(self.tr("Turn {number} of {count}").format(number=number + 1, count=count))
            self.turns.setCurrentIndex(session.review.turn)
        drafting = session.work.draft is not None
        self.until.setEnabled(not drafting and not session.work.busy and session.review.is_drawable())
        self.branch.setEnabled(not drafting and session.review.turn + 1 < count)
        problems = [] if drafting else session.review.faults()
        words = [] if drafting else [language.note(note) for note in session.review.advice()]
        words += [language.sentence(problem) for problem in problems[:2]]
        self.faults.setText(signs_in("\n".join(words)))
        self.faults.setVisible(bool(words))

    def show_origin(self) -> None:
        """Says what the plan is for, where that is not what the instruction says."""
        session = self.session
        self.origin.setVisible(session.work.draft is None and not session.review.is_answered())
        words = session.document.state.plan.origin.instruction
        self.answers.setText(self.tr("This plan is for “{words}”.").format(words=short(words, 120)))

    def _use_words(self) -> None:
        origin, preferences = self.session.document.state.plan.origin, self.session.preferences
        preferences.use(origin.instruction, preferences.drawing.for_task(origin.task))

    def _branch(self) -> None:
        session = self.session
        session.review.replan(session.review.plan.until(session.review.turn), self.tr("Branch"))
