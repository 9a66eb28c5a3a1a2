"""Real hands: xdotool presses keys and moves the mouse, as a user would. Each waits until Krita has received it."""

import subprocess

from krita import Krita
from PyQt5.QtCore import QEvent, QObject, QPoint, Qt
from PyQt5.QtWidgets import QApplication, QDockWidget, QListView, QMenu

_MODIFIERS = (Qt.Key_Control, Qt.Key_Shift, Qt.Key_Alt)
_KEYS = (QEvent.ShortcutOverride, QEvent.KeyPress)


class _Received(QObject):
    """Counts what arrives from the window system; xdotool's own end says nothing about that."""

    def __init__(self):
        super().__init__()
        self.keys = self.clicks = 0
        QApplication.instance().installEventFilter(self)

    def eventFilter(self, watched, event):  # noqa: N802 - Qt's name
        if event.type() in _KEYS and event.key() not in _MODIFIERS:  # a release may get lost when a question opens
            self.keys += 1
        elif event.type() == QEvent.MouseButtonRelease and event.spontaneous():
            self.clicks += 1
        return False


_received = _Received()


def _xdotool(*words):
    subprocess.run(["xdotool", *map(str, words)], check=True)


def window():
    return Krita.instance().activeWindow().qwindow()


def in_front():
    """Gives the keyboard to Krita's window, or to the question over it; there is no window manager that does."""
    active = QApplication.activeModalWidget() or window()
    if not active.isActiveWindow():
        _xdotool("windowfocus", int(active.winId()))
        yield active.isActiveWindow


def press(*keys):
    """Presses keys, one after the other: "ctrl+BackSpace"."""
    for key in keys:
        yield from in_front()
        before = _received.keys
        _xdotool("key", key)
        yield lambda before=before: _received.keys > before


def write(text):
    """Types a text into the focused field."""
    before = _received.keys
    _xdotool("type", text)
    yield lambda: _received.keys >= before + len(text)


def turn_wheel(widget, at):
    """Turns the wheel up by one notch at a place of a widget."""
    place = widget.mapToGlobal(QPoint(*map(round, at)))
    _xdotool("mousemove", place.x(), place.y(), "click", 4)


def click(widget, at=None):
    """Clicks on a widget, in its middle or at a place in its own pixels."""
    place = widget.mapToGlobal(QPoint(*map(round, at)) if at else widget.rect().center())
    before = _received.clicks
    _xdotool("mousemove", place.x(), place.y(), "click", 1)
    yield lambda: _received.clicks > before


def pull(widget, start, end):
    """Presses the mouse on a widget at `start`, moves to `end` and releases it; in the widget's pixels."""
    places = [widget.mapToGlobal(QPoint(*map(round, at))) for at in (start, end)]
    before = _received.clicks
    _xdotool("mousemove", places[0].x(), places[0].y(), "mousedown", 1)
    _xdotool("mousemove", (places[0].x() + places[1].x()) // 2, (places[0].y() + places[1].y()) // 2)
    _xdotool("mousemove", places[1].x(), places[1].y(), "mouseup", 1)
    yield lambda: _received.clicks > before


def undo_steps():
    """[the steps in Krita's undo history, the current one]"""
    dock = window().findChild(QDockWidget, "History")
    view = next(view for view in dock.findChildren(QListView))
    model = view.model()
    return [[model.index(row, 0).data() for row in range(model.rowCount())], view.currentIndex().row()]


def popup():
    """The title of a menu or window that has opened over Krita's window, or None."""
    widget = QApplication.activePopupWidget() or QApplication.activeModalWidget()
    return None if widget is None else type(widget).__name__ + (widget.title() if isinstance(widget, QMenu) else "")
