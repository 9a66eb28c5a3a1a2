"""The text field over a box for its phrase."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from got_desktop.ui.geometry import Rect

_HEIGHT = 30
_LEAST, _MOST = 180, 360
_MARGIN = 4
_STAYS = (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason)
"""Reasons for losing the focus that keep the field open: its context menu, or another window."""


class BoxLabel(QLineEdit):
    """Enter and leaving the field accept the text; Esc discards it."""

    def __init__(
        self, around: QWidget, box: Rect, phrase: str, on_words: Callable[[str], None], on_end: Callable[[], None]
    ) -> None:
        """`box` is the box's place on `around`; `on_end` is called after Enter or Esc."""
        super().__init__(phrase, around)
        self.on_words, self.on_end = on_words, on_end
        self._ended = False
        self.setAccessibleName(self.tr("What is in the box"))
        self.setGeometry(_place(box, around))
        self.selectAll()
        self.show()
        self.setFocus()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            if event.key() == Qt.Key.Key_Escape:
                event.accept()  # otherwise it would cancel the running job
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        if event.key() not in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return super().keyPressEvent(event)
        if event.key() != Qt.Key.Key_Escape:
            self.on_words(self.text())
        self.on_end()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        super().focusOutEvent(event)
        if not self._ended and event.reason() not in _STAYS:
            self.on_words(self.text())

    def end(self) -> None:
        self._ended = True
        self.hide()
        self.deleteLater()


def _place(box: Rect, around: QWidget) -> QRect:
    """The field's place above the box, inside the visible area."""
    wide = max(_LEAST, min(round(box.width), _MOST))
    x = max(_MARGIN, min(round(box.left), around.width() - wide - _MARGIN))
    y = max(_MARGIN, min(round(box.top) - _HEIGHT - 10, around.height() - _HEIGHT - 6))
    return QRect(x, y, wide, _HEIGHT)
