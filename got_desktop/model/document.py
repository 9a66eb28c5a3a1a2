"""The open document: its state, and undo and redo for everything that changes it."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from got_desktop.model.state import State

RUN = 1.0
"""Seconds within which changes of the same kind to the same thing form one run, which is undone as a whole."""
_DEPTH = 200


class _Change(QUndoCommand):
    """A change from one state to another; a run of similar changes is merged into one."""

    def __init__(self, document: Document, after: State, text: str, run: str) -> None:
        super().__init__(text)
        self.document = document
        self.before, self.after = document.state, after
        self.path = document.path
        self.run = run
        self.at = time.monotonic()

    @property
    def other_picture(self) -> bool:
        """The picture is no longer the file's: saving asks for a path, so that the file is not overwritten."""
        return self.before.base is not self.after.base

    def redo(self) -> None:
        self._go(self.after, None)

    def undo(self) -> None:
        self._go(self.before, self.path)

    def _go(self, state: State, path: Path | None) -> None:
        self.document.show(state)
        if self.other_picture:
            self.document.path = path
            self.document.renamed.emit()

    def id(self) -> int:
        return 1 if self.run else -1

    def mergeWith(self, other: QUndoCommand) -> bool:  # noqa: N802 - Qt's name
        if not isinstance(other, _Change) or other.run != self.run or other.at - self.at > RUN:
            return False
        self.after, self.at = other.after, other.at
        return True


class Document(QObject):
    """The state is only changed by `change`, so that every change can be undone."""

    changed = Signal()
    """The state was replaced."""
    renamed = Signal()
    """The path changed, or whether the file contains the current state."""
    busy_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.state = State()
        self.path: Path | None = None
        """The file that the picture was opened from or saved to."""
        self.busy = ""
        """The current background work on the document: "open", "save", "merge" or ""."""
        self.undo = QUndoStack(self)
        self.undo.setUndoLimit(_DEPTH)
        self.undo.cleanChanged.connect(self.renamed)

    @property
    def is_open(self) -> bool:
        return self.state.base is not None

    @property
    def modified(self) -> bool:
        return self.is_open and not self.undo.isClean()

    @property
    def title(self) -> str:
        return self.path.name if self.path else self.tr("Untitled")

    def begin(self, work: str) -> None:
        """Starts background work on the document, which lasts until `end`."""
        self.busy = work
        self.busy_changed.emit()

    def end(self) -> None:
        self.begin("")

    def open(self, state: State, path: Path | None, saved: bool = True) -> None:
        """Replaces this document with another; `saved` means that the file contains it."""
        self.undo.clear()
        self.path = path
        if not saved:
            self.undo.resetClean()
        self.show(state)
        self.renamed.emit()

    def change(self, after: State, text: str, run: str = "") -> None:
        """Makes an undoable change. Changes with the same `run` in close succession are one entry."""
        self.undo.push(_Change(self, after, text, run))

    def mark_saved(self, path: Path, state: State) -> None:
        """Records that the file contains `state`; the document may have changed since."""
        if state.base is self.state.base:  # otherwise another picture was opened since
            self.path = path
        if state is self.state:
            self.undo.setClean()
        self.renamed.emit()

    def show(self, state: State) -> None:
        self.state = state
        self.changed.emit()
