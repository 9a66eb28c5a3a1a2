"""The page for editing pictures: instruction, canvas, plan, layers and history."""

from __future__ import annotations

import base64
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QFrame, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from engine.api import language
from got_desktop.model.results import Comparison, Results, compare, short
from got_desktop.model.session import Session
from got_desktop.ui.canvas import Canvas
from got_desktop.ui.canvas_bar import CanvasBar
from got_desktop.ui.chain_text import signs_in
from got_desktop.ui.controls import column, frame, scrolled, take_typed
from got_desktop.ui.history_strip import HistoryStrip
from got_desktop.ui.instruction_panel import InstructionPanel
from got_desktop.ui.keys import Keys, takes_text
from got_desktop.ui.layer_panel import LayerPanel
from got_desktop.ui.plan_panel import PlanPanel
from got_desktop.ui.question import Icon, Question, Role
from got_desktop.ui.review_bar import ReviewBar
from got_desktop.ui.start_view import StartView


class Editor(QWidget):
    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.instruction = InstructionPanel(session)
        self.canvas = Canvas(session)
        self.bar = CanvasBar(self.canvas)
        self.review = ReviewBar()
        self.plan = PlanPanel(session)
        self.layers = LayerPanel(session)
        self.history = HistoryStrip(session)
        self.start = StartView(session)
        self.keys = Keys(session, self.canvas)
        self._lay_out()
        self._connect()
        self._follow_document()
        self._follow_results()

    def _lay_out(self) -> None:
        self.middle = QStackedWidget()
        self.middle.addWidget(self.start)
        canvas = QWidget()
        inside = QVBoxLayout(canvas)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(0)
        inside.addWidget(self.bar)
        inside.addWidget(self.canvas, 1)
        inside.addWidget(self.review)
        self.middle.addWidget(canvas)
        center = QWidget()
        center.setMinimumWidth(380)
        below = column(self.middle, self.history, spacing=0)
        below.setStretch(0, 1)
        center.setLayout(below)
        self.right = self._right()
        across = QSplitter(Qt.Orientation.Horizontal)
        across.setChildrenCollapsible(False)  # the window's buttons hide them
        for place, (part, width) in enumerate(((self.instruction, 322), (center, 786), (self.right, 332))):
            across.addWidget(part)
            across.setStretchFactor(place, int(part is center))
            part.resize(width, part.height())
        across.setSizes([322, 786, 332])
        self.setLayout(column(across))
        self.panels = {"left": self.instruction, "right": self.right, "bottom": self.history}
        """The parts that can be hidden, so that the picture has more room."""

    def _right(self) -> QFrame:
        right = frame("right")
        right.setMinimumWidth(268)
        right.setMaximumWidth(460)
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(scrolled(self.plan))
        split.addWidget(self.layers)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 1)
        split.setSizes([520, 230])
        split.setChildrenCollapsible(False)
        around = QVBoxLayout(right)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(split)
        return right

    def _connect(self) -> None:
        session, work = self.session, self.session.work
        self.instruction.plan_requested.connect(self.run_plan)
        self.instruction.apply_requested.connect(self.run_apply)
        self.instruction.both_requested.connect(self.run_both)
        self.instruction.cancel_requested.connect(work.cancel)
        self.plan.run_until_requested.connect(lambda turn: self.run_apply(turn))
        self.plan.draw_box_requested.connect(self.draw_box)
        self.instruction.words.textChanged.connect(self.plan.show_origin)
        self.review.chosen.connect(self._compare)
        self.review.chosen.connect(self.canvas.choose_side)
        self.review.mode_requested.connect(self.canvas.show_mode)
        self.canvas.side_chosen.connect(self.review.choose)
        self.canvas.side_opened.connect(self._open_side)
        self.review.accepted.connect(self.accept)
        self.review.dismissed.connect(self.dismiss)
        for action in (self.instruction.plan, self.instruction.apply, self.instruction.both, self.instruction.cancel):
            action.clicked.connect(self.canvas.setFocus)  # it is turned off, and the focus would go to the next field
        self.review.compared.connect(self.canvas.setFocus)
        self.review.seed_requested.connect(lambda seed: session.preferences.draw_with(seed=seed, seed_locked=True))
        session.document.changed.connect(self._follow_document)
        session.display.changed.connect(self._follow_document)
        work.results_changed.connect(self._follow_results)
        work.preview_changed.connect(self._follow_preview)
        self.start.sample_requested.connect(session.open_sample)

    # user actions

    def run_plan(self) -> None:
        take_typed()
        if self.instruction.plan.isEnabled():
            self._plan_again(self.session.run_plan)

    def run_both(self) -> None:
        take_typed()
        if self.instruction.both.isEnabled():
            self._plan_again(self.session.run_both)

    def _plan_again(self, run: Callable[[bool], None]) -> None:
        """Asks before overwriting boxes that the user drew; `run` gets whether to keep them."""
        if not self.session.document.state.plan.has_user_work:
            return run(False)
        question = Question(
            self,
            self.tr("Plan again"),
            self.tr("The plan contains boxes that you drew."),
            self.tr("Planning again replaces the plan. Undo restores the current one."),
            Icon.Question,
        )
        question.offer(self.tr("Keep my boxes"), Role.AcceptRole, lambda: run(True))
        question.offer(self.tr("Replace all"), Role.DestructiveRole, lambda: run(False))
        question.offer_cancel()
        question.open()

    def run_apply(self, until: int | None = None) -> None:
        """Draws the plan, if need be after questions: whether it is still wanted, and about problems in the chain."""
        take_typed()
        if not self.instruction.apply.isEnabled():
            return
        if self.session.review.is_answered():
            return self._apply_checked(until)
        question = Question(
            self,
            self.tr("Apply"),
            self.tr("The plan is for “{words}”.").format(
                words=short(self.session.document.state.plan.origin.instruction, 120)
            ),
            self.tr("Draw this plan, or plan again for “{words}”?").format(
                words=short(self.session.preferences.instruction, 120)
            )
            if self.instruction.plan.isEnabled()
            else self.tr("Draw this plan anyway?"),
            Icon.Question,
        )
        question.offer(self.tr("&Draw this plan"), Role.AcceptRole, lambda: self._apply_checked(until))
        if self.instruction.plan.isEnabled():
            question.offer(self.instruction.plan.text(), Role.ActionRole, self.run_plan, preferred=True)
        question.offer_cancel()
        question.open()

    def _apply_checked(self, until: int | None) -> None:
        """Draws the plan, after a warning about problems in the chain."""
        # boxes that extend beyond the picture still have an effect
        faults = [fault for fault in self.session.review.faults() if fault.code != "out_of_range"]
        if not faults:
            return self.session.run_apply(until)
        question = Question(
            self,
            self.tr("Apply"),
            self.tr("Part of the plan has no effect as written."),
            "\n".join("• " + signs_in(language.sentence(fault)) for fault in faults[:4]),
        )
        first = faults[0]
        question.offer(self.tr("Apply anyway"), Role.AcceptRole, lambda: self.session.run_apply(until))
        question.offer(
            self.tr("Show problem"), Role.RejectRole, lambda: self.plan.editor.mark(first.start, first.end), True
        )
        question.open()

    def accept(self) -> None:
        if self.session.work.results is not None:
            self.session.work.accept(self.review.index)
            self.canvas.setFocus()

    def dismiss(self) -> None:
        self.session.work.dismiss()
        self.canvas.setFocus()

    def draw_box(self) -> None:
        self.canvas.setFocus()
        self.canvas.use_tool("draw")

    def choose_area(self) -> None:
        self.canvas.setFocus()
        self.canvas.use_tool("select")

    # following

    def _follow_document(self) -> None:
        active = self.session.document.is_open or self.session.work.results is not None or self.session.work.busy
        self.middle.setCurrentIndex(1 if active else 0)

    def _follow_results(self) -> None:
        results = self.session.work.results
        self.review.setVisible(results is not None)
        if results is None:
            self.canvas.show_sides((), None)
            self.canvas.compare(None, None, None)
        else:
            self.canvas.show_sides([candidate.overview for candidate in results.candidates], results.original)
            self.review.show_results(results)
            self.canvas.setFocus()
        self.bar.show_review(results is not None)
        self._follow_document()

    def _open_side(self, index: int) -> None:
        self.review.choose(index)
        self.review.show_mode("after")

    def _compare(self, index: int) -> None:
        results = self.session.work.results
        if results is None:
            return

        def work() -> tuple[Results, int, Comparison]:
            return results, index, compare(results, index)

        self.session.background.run(lambda say: work(), self._show_comparison, self.session.display.failed.emit)

    def _show_comparison(self, outcome: tuple[Results, int, Comparison]) -> None:
        results, index, comparison = outcome
        if self.session.work.results is results and self.review.index == index:
            heat = comparison.difference.heat if comparison.difference else None
            self.canvas.compare(comparison.before, comparison.after, heat)
            self.review.show_difference(comparison.difference)

    def _follow_preview(self) -> None:
        data = self.session.work.preview
        image = QImage.fromData(base64.b64decode(data)) if data else None
        self.canvas.show_preview(image)
        self._follow_document()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's names, here and below
        super().showEvent(event)
        window = self.window().windowHandle()
        if window is not None:
            window.installEventFilter(self.keys)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """During the review of results, 1 to 8 select a candidate and Enter accepts it."""
        number = event.key() - Qt.Key.Key_1
        if self.session.work.results is None or takes_text(QApplication.focusWidget()):
            super().keyPressEvent(event)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            if not self.history.list.hasFocus():  # where Enter reuses an entry
                self.accept()
        elif 0 <= number < 8:
            self.review.choose(number)
        else:
            super().keyPressEvent(event)
