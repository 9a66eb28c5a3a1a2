"""Which widget gets a key that both the window and the widget with the focus have a use for."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from got_desktop.model.session import Session
from got_desktop.ui.canvas import Canvas

_OF_TEXT = (
    QKeySequence.StandardKey.Cut,
    QKeySequence.StandardKey.Copy,
    QKeySequence.StandardKey.Paste,
    QKeySequence.StandardKey.SelectAll,
    QKeySequence.StandardKey.Delete,
    QKeySequence.StandardKey.Backspace,
    QKeySequence.StandardKey.DeleteStartOfWord,
    QKeySequence.StandardKey.DeleteEndOfWord,
    QKeySequence.StandardKey.Bold,
    QKeySequence.StandardKey.Italic,
    QKeySequence.StandardKey.Underline,
)
"""Keys that edit text. While a text field has the focus, they are not shortcuts of the window."""
_ACROSS = (Qt.Key.Key_Left, Qt.Key.Key_Right)
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_DIGITS = range(Qt.Key.Key_1, Qt.Key.Key_9)


def takes_text(widget: QWidget | None) -> bool:
    return isinstance(widget, QLineEdit | QPlainTextEdit | QTextEdit | QAbstractSpinBox)


class Keys(QObject):
    """Sees the window's keys first: an event filter of its native window."""

    def __init__(self, session: Session, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.session, self.canvas = session, canvas

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if event.type() == QEvent.Type.FocusOut and self.canvas.space:
            self.canvas.hold(False)  # the key is released elsewhere
        if not isinstance(event, QKeyEvent):
            return False
        focus = QApplication.focusWidget()
        if event.type() == QEvent.Type.ShortcutOverride:
            stays = takes_text(focus) and any(event.matches(key) for key in _OF_TEXT)
            event.setAccepted(stays)
            return stays
        return self._compare(event, focus)

    def _compare(self, event: QKeyEvent, focus: QWidget | None) -> bool:
        """While results are compared, sends the keys for it to the canvas, wherever the focus is except in text."""
        if self.session.work.results is None or not self.canvas.isVisible() or takes_text(focus):
            return False
        if event.key() in _ENTER and isinstance(focus, QAbstractButton) and not event.modifiers():
            if event.type() == QEvent.Type.KeyPress:
                focus.click()  # in place of Space
            return True
        if focus is self.canvas or not self._compares(event, focus):
            return False
        QApplication.sendEvent(self.canvas, event)
        return True

    def _compares(self, event: QKeyEvent, focus: QWidget | None) -> bool:
        if event.key() in _ACROSS:  # a slider moves by them, too
            return self.canvas.takes_arrows and not isinstance(focus, QAbstractSlider)
        no_other = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        return no_other and (event.key() == Qt.Key.Key_Space or event.key() in _DIGITS)
