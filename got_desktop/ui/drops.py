"""Files and pictures that are dropped on the window, wherever in it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QMimeData, QObject, Qt
from PySide6.QtGui import QDropEvent, QGuiApplication, QWindow
from PySide6.QtWidgets import QApplication, QWidget


class Drops(QObject):
    """Takes them as copies, before any widget sees them.

    A file manager deletes a file that was accepted as moved, and a text field accepts whatever is proposed, so that a
    drop on it could cost the user the file.
    """

    def __init__(self, window: QWidget, take: Callable[[QMimeData], None]) -> None:
        super().__init__(window)
        self.window = window
        self.take = take
        app = QGuiApplication.instance()
        assert isinstance(app, QGuiApplication)
        app.focusWindowChanged.connect(self._watch_dialog)

    def watch(self, window: QWindow | None) -> None:
        if window is not None:
            window.installEventFilter(self)  # a second time does nothing

    def _watch_dialog(self, window: QWindow | None) -> None:
        """Dialogs of this window do not take files, but have text fields, too."""
        above = window
        while above is not None and above != self.window.windowHandle():
            above = above.transientParent()
        if above is not None:
            self.watch(window)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if not isinstance(event, QDropEvent) or not _is_picture(event.mimeData()):
            return False
        action = _harmless(event.possibleActions())
        if watched != self.window.windowHandle() or QApplication.activeModalWidget() is not None or action is None:
            event.ignore()
            return True
        event.setDropAction(action)
        event.accept()
        if event.type() == QEvent.Type.Drop:
            self.take(event.mimeData())
        return True


def _is_picture(data: QMimeData) -> bool:
    return data.hasImage() or any(url.isLocalFile() for url in data.urls())


def _harmless(possible: Qt.DropAction) -> Qt.DropAction | None:
    """An action that leaves the file where it is."""
    harmless = (Qt.DropAction.CopyAction, Qt.DropAction.LinkAction)
    return next((action for action in harmless if possible & action), None)
