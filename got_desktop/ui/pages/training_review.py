"""A dialog for correcting the pairs of a training before it starts: boxes, chain and instruction."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QLineEdit, QWidget

from got_desktop.model.pair_review import PairReview
from got_desktop.ui.canvas import Canvas
from got_desktop.ui.controls import button, column, frame, label, quiet, row, scrolled, tool
from got_desktop.ui.plan_panel import PlanPanel


class ReviewDialog(QDialog):
    corrected = Signal()
    """The dialog was closed."""

    def __init__(self, pairs: PairReview, parent: QWidget) -> None:
        super().__init__(parent)
        self.pairs = pairs
        self.setWindowTitle(self.tr("Correct the pairs"))
        self.resize(1180, 720)
        self.canvas = Canvas(pairs)
        self.plan = PlanPanel(pairs)
        self.plan.draw_box_requested.connect(self._draw)
        self.place = label("", "heading")
        self.words = QLineEdit()
        self.words.setAccessibleName(self.tr("Instruction"))
        self.words.textEdited.connect(pairs.reword)
        self.before = tool("up", self.tr("Previous pair"), lambda: pairs.show_pair(pairs.at - 1))
        self.next = tool("down", self.tr("Next pair"), lambda: pairs.show_pair(pairs.at + 1))
        self.after = button(self.tr("Show the edited picture"), self._show_after)
        self.after.setCheckable(True)
        self.drop = button(self.tr("Exclude this pair"), self._leave_out)
        close = button(self.tr("Done"), self.accept, "primary")
        self._lay_out(close)
        QShortcut(QKeySequence.StandardKey.Undo, self, pairs.document.undo.undo)
        QShortcut(QKeySequence.StandardKey.Redo, self, pairs.document.undo.redo)
        pairs.pair_changed.connect(self._show)
        self.finished.connect(lambda _: self._end())
        pairs.show_pair(0)

    def _lay_out(self, close: QWidget) -> None:
        right = frame("right")
        right.setFixedWidth(332)
        right.setLayout(column(scrolled(self.plan)))
        top = row(self.before, self.next, self.place, self.words, self.after, self.drop, close, margin=10, spacing=10)
        top.setStretch(3, 1)
        body = row(self.canvas, right, spacing=0)
        body.setStretch(0, 1)
        whole = column(top, body, spacing=0)
        whole.setStretch(1, 1)
        self.setLayout(whole)

    def _show(self) -> None:
        pairs = self.pairs
        self.place.setText(self.tr("{number} of {count}").format(number=pairs.at + 1, count=len(pairs.rows)))
        with quiet(self.words):
            self.words.setText(pairs.preferences.instruction)
        self.after.setEnabled(pairs.row.source is not None)
        self.after.setChecked(False)
        self._show_after()

    def _show_after(self) -> None:
        on = self.after.isChecked()
        self.canvas.compare(self.pairs.display.pyramid if on else None, self.pairs.target if on else None, None)

    def _draw(self) -> None:
        self.canvas.setFocus()
        self.canvas.use_tool("draw")

    def _leave_out(self) -> None:
        self.pairs.leave_out()
        if not self.pairs.rows:
            self.accept()

    def _end(self) -> None:
        if self.pairs.rows:
            self.pairs.keep_now()
        self.corrected.emit()
        self.deleteLater()
