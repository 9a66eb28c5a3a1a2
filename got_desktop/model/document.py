"""The open document: its state, and undo and redo for everything that changes it."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from got_desktop.model.state import State

RUN = 1.0
"""Seconds within which a change of the same kind to the same thing belongs to one run, which is undone at once."""
_DEPTH = 200


class _Change(QUndoCommand):
    """From one state to another; a run of alike changes is one."""

    def __init__(self, document: Document, after: State, text: str, run: str) -> None:
        super().__init__(text)
        self.document = document
        self.before, self.after = document.state, after
        self.path = document.path
        self.run = run
        self.at = time.monotonic()

    @property
    def other_picture(self) -> bool:
        """It is not the file's any more: saving asks where to, so that the file's picture is not written over."""
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
    """State is changed by `change` alone, so that all of it can be undone."""

    changed = Signal()
    """The state is another one."""
    renamed = Signal()
    """The file, or whether it holds the present state, is another."""
    busy_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.state = State()
        self.path: Path | None = None
        """The file that its picture was opened from or saved to."""
        self.busy = ""
        """What is done with it in the background: "open", "save", "merge" or ""."""
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

    def begin(self, what: str) -> None:
        """`what` is done with it in the background from now on, until `end`."""
        self.busy = what
        self.busy_changed.emit()

    def end(self) -> None:
        self.begin("")

    def open(self, state: State, path: Path | None, saved: bool = True) -> None:
        """Another document takes the place of this one; `saved`: it is what the file holds."""
        self.undo.clear()
        self.path = path
        if not saved:
            self.undo.resetClean()
        self.show(state)
        self.renamed.emit()

    def change(self, after: State, text: str, run: str = "") -> None:
        """Undoable. Changes with the same `run` that follow each other closely are one entry."""
        self.undo.push(_Change(self, after, text, run))

    def saved(self, path: Path, state: State) -> None:
        """`state` is in the file now; the document may have gone on since."""
        if state.base is self.state.base:  # else it is another picture by now, which the file does not hold
            self.path = path
        if state is self.state:
            self.undo.setClean()
        self.renamed.emit()

    def show(self, state: State) -> None:
        self.state = state
        self.changed.emit()
