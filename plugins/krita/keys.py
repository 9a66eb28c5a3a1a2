"""The docker's keys stay in the docker. Without this, Krita's shortcuts come first: Del empties the painter's layer."""

from __future__ import annotations

import sys
from collections.abc import Callable

from plugins.krita.qt import Qt, QtCore, QtGui, QtWidgets

_EVERYWHERE = {
    Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End,
    Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Insert, Qt.Key.Key_Delete, Qt.Key.Key_Backspace,
    Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape, Qt.Key.Key_Space, Qt.Key.Key_Tab, Qt.Key.Key_Backtab,
}  # fmt: skip
"""These edit, choose or move the focus in every widget, with Shift and Ctrl too."""
_IN_LISTS = {Qt.Key.Key_A, Qt.Key.Key_C}
"""With Ctrl: select all and copy."""
_IN_TEXT = {*_IN_LISTS, Qt.Key.Key_V, Qt.Key.Key_X, Qt.Key.Key_Y, Qt.Key.Key_Z, Qt.Key.Key_K, Qt.Key.Key_U}
"""With Ctrl: what a text field does on one system or another, besides moving and deleting."""
_CONTROL, _ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
_SHIFT, _META = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.MetaModifier

_TEXTS = (QtWidgets.QPlainTextEdit, QtWidgets.QLineEdit, QtWidgets.QAbstractSpinBox)
_LISTS = (QtWidgets.QAbstractItemView, QtWidgets.QComboBox)  # typing searches in them


class Keys(QtCore.QObject):
    """Keeps the keys of a widget and of everything in it from Krita's shortcuts, and does some of them itself.

    Before Qt looks for a shortcut, it asks the focused widget and then its parents whether they want the key
    (ShortcutOverride). A key that the focused widget does not use comes to the parents in the same way.
    """

    def __init__(self, widget: QtWidgets.QWidget, pressed: Callable[[QtGui.QKeyEvent], bool]) -> None:
        """`pressed` gets the keys that the focused widget does not use itself; it tells whether it has used them."""
        super().__init__(widget)
        self._pressed = pressed
        widget.installEventFilter(self)

    def eventFilter(self, watched: QtCore.QObject, event: QtCore.QEvent) -> bool:  # noqa: N802 - Qt's name
        if event.type() == QtCore.QEvent.Type.ShortcutOverride and stays(event, QtWidgets.QApplication.focusWidget()):
            event.accept()
            return True
        return event.type() == QtCore.QEvent.Type.KeyPress and self._pressed(event)


def stays(event: QtGui.QKeyEvent, focused: QtWidgets.QWidget | None) -> bool:
    """Whether a key belongs to the focused widget of the docker and not to Krita's shortcuts."""
    modifiers, key = event.modifiers(), event.key()
    if modifiers & _META:
        return False
    if modifiers & _CONTROL and modifiers & _ALT:  # the docker's own shortcuts; on Windows also AltGr, which types
        return sys.platform == "win32" and isinstance(focused, _TEXTS) and _types(event)
    if key in _EVERYWHERE:
        return True
    if modifiers & _CONTROL:
        return key in (_IN_TEXT if isinstance(focused, _TEXTS) else _IN_LISTS)
    if modifiers & _ALT and sys.platform != "darwin":  # there it types special characters, elsewhere it opens menus
        return False
    return isinstance(focused, (*_TEXTS, *_LISTS)) and _types(event)


def _types(event: QtGui.QKeyEvent) -> bool:
    return bool(event.text()) and event.text().isprintable()


def is_enter(event: QtGui.QKeyEvent) -> bool:
    return event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def with_control(event: QtGui.QKeyEvent) -> bool:
    return bool(event.modifiers() & _CONTROL)


def with_shift(event: QtGui.QKeyEvent) -> bool:
    return bool(event.modifiers() & _SHIFT)
