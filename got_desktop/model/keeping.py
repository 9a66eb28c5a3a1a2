"""Automatic saving: unsaved work a moment after each change, and the settings at each change."""

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
"""Milliseconds between a change and saving it; changes in between are saved with it."""
Unsaved = tuple[State, Path | None, str, str]
"""The document's state and file, the instruction, and the engine's job that is running or undecided."""


class Keeping(QObject):
    """Saves one window's unsaved work, so that it can be recovered after a crash."""

    failed = Signal(object)

    def __init__(self, own_recovery: Recovery, background: Background, unsaved: Callable[[], Unsaved | None]) -> None:
        super().__init__()
        self.recovery = own_recovery
        self.background = background
        self.unsaved = unsaved
        self.replaced: list[Path] = []
        """Folders whose work was recovered; deleted once this window has saved that work itself."""
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
            lambda say: self.recovery.keep(*unsaved) if unsaved else self.recovery.forget(), self._finish, self._fail
        )

    def _finish(self, nothing: None) -> None:
        self._busy = False
        self.discard(self.replaced)
        self.replaced = []

    def _fail(self, error: EngineError) -> None:
        self._busy = False
        self.failed.emit(error)


class SettingsFile(QObject):
    """Writes the settings one at a time, so that the latest ones win."""

    failed = Signal(object)

    def __init__(self, folder: Path, background: Background, current: Callable[[], Settings]) -> None:
        super().__init__()
        self.folder = folder
        self.background = background
        self.current = current
        self._busy = self._again = False

    def store(self) -> None:
        if self._busy:
            self._again = True
            return
        self._busy, self._again, current = True, False, self.current()
        self.background.run(lambda say: settings.store(self.folder, current), self._finish, self._fail)

    def _finish(self, nothing: None) -> None:
        self._busy = False
        if self._again:
            self.store()

    def _fail(self, error: EngineError) -> None:
        self._busy = False
        self.failed.emit(error)
