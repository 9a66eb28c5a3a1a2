"""The chain's text: phrases of boxes are bold, broken boxes are underlined, and the selected box is highlighted."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QResizeEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import QPlainTextEdit, QToolTip

from engine.api import language
from got_desktop.model.plan import Plan
from got_desktop.model.session import Session
from got_desktop.ui import theme
from got_desktop.ui.chain_text import ShownChain, raw_of, signs_in
from got_desktop.ui.controls import quiet


class _Highlighter(QSyntaxHighlighter):
    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self.spans: list[tuple[int, int, QTextCharFormat]] = []

    def highlightBlock(self, text: str) -> None:  # noqa: N802 - Qt's name
        start = self.currentBlock().position()
        for first, last, look in self.spans:
            if last > start and first < start + len(text):
                self.setFormat(max(0, first - start), min(last, start + len(text)) - max(first, start), look)


class ChainEditor(QPlainTextEdit):
    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session, self.review = session, session.review
        self.setAccessibleName(self.tr("GoT chain"))
        self.setTabChangesFocus(True)
        self.setUndoRedoEnabled(False)  # the document's undo covers text and boxes
        self.setPlaceholderText(self.tr("The plan appears here as it is written. Boxes are between ‹ and ›."))
        self._chain = ShownChain.of("")
        self._highlighter = _Highlighter(self.document())
        self._following = False
        self.textChanged.connect(self._store_text)
        self.cursorPositionChanged.connect(self._cursor_moved)
        session.document.changed.connect(self.follow)
        session.work.draft_changed.connect(self.follow)
        session.review.selection_changed.connect(self._follow_selection)
        session.review.turn_changed.connect(self._follow_turn)

    def follow(self) -> None:
        """Shows the current plan, keeping the cursor in place if possible."""
        plan = self.review.plan
        self.setReadOnly(self.session.work.draft is not None)
        self._chain = ShownChain.of(plan.text)
        if self.toPlainText() != self._chain.shown:
            cursor, scroll = self.textCursor().position(), self.verticalScrollBar().value()
            self._following = True
            with quiet(self):
                self.setPlainText(self._chain.shown)
            self._following = False
            after = self.textCursor()
            after.setPosition(min(cursor, len(self._chain.shown)))
            with quiet(self):
                self.setTextCursor(after)
            if self.isReadOnly():
                self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())
            else:
                self.verticalScrollBar().setValue(scroll)
        self._color()

    def _store_text(self) -> None:
        if self._following or self.session.work.draft is not None:
            return
        text = raw_of(self.toPlainText())
        if text != self.review.plan.text:
            plan = self.review.plan.with_text(text)
            self._chain = ShownChain.of(text)
            self.review.replan(plan, self.tr("Edit text"), run="text")

    def _cursor_moved(self) -> None:
        if self._following or not self.hasFocus():
            return
        place = self._chain.to_raw(self.textCursor().position())
        under = [r for r in self.review.plan.chain.boxes if r.phrase_start <= place <= r.end]
        if under:
            self.review.show_turn(under[0].turn)
            self.review.select(under[0].id)

    def _follow_selection(self) -> None:
        self._color()
        if self.review.selected is not None:
            self._scroll_to(self.review.plan.chain.boxes[self.review.selected].phrase_start)

    def _follow_turn(self) -> None:
        if self.review.plan.turns() > 1:
            self._scroll_to(self.review.plan.chain.turns[self.review.turn].start)

    def _scroll_to(self, place: int) -> None:
        """Scrolls to a position of the raw chain, unless the user is editing."""
        if not self.hasFocus():
            cursor = self.textCursor()
            # the text may not have followed the plan yet
            cursor.setPosition(min(self._chain.to_shown(place), len(self._chain.shown)))
            self.setTextCursor(cursor)

    # colors

    def _color(self) -> None:
        plan = self.review.plan
        drafting = self.session.work.draft is not None  # an incomplete chain is not marked as broken
        self._highlighter.spans = [*self._regions(plan), *([] if drafting else self._problems(plan))]
        with quiet(self):
            self._highlighter.rehighlight()
        self.setToolTip("")

    def _regions(self, plan: Plan) -> list[tuple[int, int, QTextCharFormat]]:
        colors, spans = theme.colors(), []
        for region in plan.chain.boxes:
            words, corners = QTextCharFormat(), QTextCharFormat()
            words.setFontWeight(QFont.Weight.Bold)
            words.setForeground(QColor("#ff6b70" if colors.dark else "#c4161d"))
            corners.setForeground(QColor(colors.muted))
            if region.id == self.review.selected:
                for look in (words, corners):
                    look.setBackground(QColor(colors.chosen))
            start = self._chain.to_shown(region.phrase_start)
            middle = self._chain.to_shown(region.phrase_start + len(region.phrase))
            spans += [(start, middle, words), (middle, self._chain.to_shown(region.end), corners)]
        return spans

    def _problems(self, plan: Plan) -> list[tuple[int, int, QTextCharFormat]]:
        look = QTextCharFormat()
        look.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        look.setUnderlineColor(QColor(theme.colors().error))
        spans = []
        for problem in plan.chain.problems:
            if problem.code != "no_color":
                spans.append((self._chain.to_shown(problem.start), self._chain.to_shown(problem.end), look))
        return spans

    # events

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Keeps the selected box's phrase visible when the panel below it changes its height."""
        super().resizeEvent(event)
        self.ensureCursorVisible()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._color()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            self._explain(event)
            return True
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            if event.matches(QKeySequence.StandardKey.Undo) or event.matches(QKeySequence.StandardKey.Redo):
                event.ignore()  # handled by the window's undo
                return False
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and event.modifiers():
            event.ignore()  # Ctrl+Enter plans, Ctrl+Shift+Enter applies
        else:
            super().keyPressEvent(event)

    def _explain(self, event: QHelpEvent) -> None:
        place = self._chain.to_raw(self.cursorForPosition(event.pos()).position())
        here = [p for p in self.review.plan.chain.problems if p.start <= place <= p.end and p.code != "no_color"]
        QToolTip.showText(event.globalPos(), signs_in(language.sentence(here[0])) if here else "", self)

    def mark(self, start: int, end: int) -> None:
        """Selects a range of the raw chain, such as a problem's."""
        cursor = self.textCursor()
        cursor.setPosition(self._chain.to_shown(start))
        cursor.setPosition(self._chain.to_shown(end), QTextCursor.MoveMode.KeepAnchor)
        self.setTextCursor(cursor)
        self.setFocus()
