"""What is kept on disk without being asked: unsaved work a moment after each change, and the settings at each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from engine.api.errors import EngineError
from got_desktop.background import Background
from got_desktop.model import recovery, settings
from got_desktop.model.recovery import Recovery
from got_desktop.model.settings import Settings
from got_desktop.model.state import State

_KEEP_AFTER = 700
"""Milliseconds after a change at which it is kept; what follows closely is kept with it."""
Unsaved = tuple[State, Path | None, str, str]
"""The document's state and its file, the instruction, and the engine's job that is awaited or not decided on."""


class Keeping(QObject):
    """One window's unsaved work, for the next start in case that this one does not end well."""

    failed = Signal(object)

    def __init__(self, kept: Recovery, background: Background, unsaved: Callable[[], Unsaved | None]) -> None:
        super().__init__()
        self.recovery = kept
        self.background = background
        self.unsaved = unsaved
        self.replaced: list[Path] = []
        """Folders whose work was brought back: they go once it is kept in this window's own."""
        self._busy = False
        self._timer = QTimer(self, singleShot=True, interval=_KEEP_AFTER)
        self._timer.timeout.connect(self.keep)

    def soon(self) -> None:
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()

    def discard(self, folders: list[Path]) -> None:
        if folders:
            self.background.run(lambda say: [recovery.discard(folder) for folder in folders], lambda nothing: None)

    def keep(self) -> None:
        if self._busy:
            return self.soon()
        unsaved = self.unsaved()
        self._busy = True
        self.background.run(
            lambda say: self.recovery.keep(*unsaved) if unsaved else self.recovery.forget(), self._kept, self._not_kept
        )

    def _kept(self, nothing: None) -> None:
        self._busy = False
        self.discard(self.replaced)
        self.replaced = []

    def _not_kept(self, error: EngineError) -> None:
        self._busy = False
        self.failed.emit(error)


class SettingsFile(QObject):
    """Written one at a time, so that the last settings are the ones that stay."""

    failed = Signal(object)

    def __init__(self, folder: Path, background: Background, present: Callable[[], Settings]) -> None:
        super().__init__()
        self.folder = folder
        self.background = background
        self.present = present
        self._busy = self._again = False

    def store(self) -> None:
        if self._busy:
            self._again = True
            return
        self._busy, self._again, kept = True, False, self.present()
        self.background.run(lambda say: settings.store(self.folder, kept), self._stored, self._not_stored)

    def _stored(self, nothing: None) -> None:
        self._busy = False
        if self._again:
            self.store()

    def _not_stored(self, error: EngineError) -> None:
        self._busy = False
        self.failed.emit(error)
