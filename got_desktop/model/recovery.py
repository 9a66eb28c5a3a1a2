"""Unsaved work on disk, so that it survives a crash: an .ora file with the pixels, and a JSON file with the rest.

Each running window has its own folder and holds a system lock on a file in it; a folder whose lock is free belongs to a
window that no longer exists.
"""

from __future__ import annotations

import json
import secrets
import shutil
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from engine.api.errors import EngineError
from engine.api.runtime import locked
from got_desktop.model import pictures
from got_desktop.model.layers import composite
from got_desktop.model.settings import replace_file
from got_desktop.model.state import State


@dataclass(frozen=True)
class UnsavedWork:
    """The unsaved work of a window that no longer exists."""

    folder: Path
    state: State
    path: Path | None
    """The file that the picture was opened from."""
    instruction: str
    job: str
    """The engine's job whose outcome was not accepted yet, or ""."""


@dataclass(frozen=True)
class LeftBehind:
    """The folder of a window that no longer exists."""

    folder: Path
    name: str
    """The name of its file; "" if it had none."""
    at: float
    """When it was last saved, in seconds since 1970."""


class Recovery:
    """Saves one window's document. `keep` may be called on any thread, but not concurrently."""

    def __init__(self, data: Path) -> None:
        self.root = data / "open"
        self.folder = self.root / secrets.token_hex(6)
        self._lock = ExitStack()
        self._pixels: State | None = None

    def start(self) -> None:
        self.folder.mkdir(parents=True)
        self._lock.enter_context(locked(self.folder / "lock", 0))

    def keep(self, state: State, path: Path | None, instruction: str, job: str) -> None:
        """Writes the changes since the last call. Raises OutputError."""
        if state.base is not None and not (self._pixels and self._pixels.looks_as(state)):
            data = pictures.openraster(state, composite(state.base.image, state.layers), fast=True)
            replace_file(self.folder / "document.ora", data)
            self._pixels = state
        note = {"plan": state.review_json(), "path": str(path or ""), "instruction": instruction, "job": job}
        replace_file(self.folder / "note.json", json.dumps(note).encode())

    def forget(self) -> None:
        """Deletes the files: the work is saved or not wanted."""
        self._pixels = None
        for name in ("note.json", "document.ora"):
            (self.folder / name).unlink(missing_ok=True)

    def close(self) -> None:
        """Deletes the folder when the window closes normally."""
        self._lock.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def left_behind(self) -> list[LeftBehind]:
        """Unsaved work of earlier windows, the latest first; empty folders are deleted."""
        works = []
        for folder in self.root.iterdir():
            if folder == self.folder or not self._is_free(folder):
                continue
            note = folder / "note.json"
            if note.exists():
                path = json.loads(note.read_text(encoding="utf-8"))["path"]
                works.append(LeftBehind(folder, Path(path).name, note.stat().st_mtime))
            else:
                shutil.rmtree(folder, ignore_errors=True)
        return sorted(works, key=lambda work: work.at, reverse=True)

    def _is_free(self, folder: Path) -> bool:
        with suppress(EngineError, OSError), locked(folder / "lock", 0):
            return True
        return False


def restore(folder: Path) -> UnsavedWork:
    """Reads the unsaved work in a folder. Raises ImageError."""
    note = json.loads((folder / "note.json").read_text(encoding="utf-8"))
    document, state = folder / "document.ora", State()
    if document.exists():  # otherwise a new picture was being drawn, and nothing was open
        state = pictures.read_openraster(document.read_bytes(), str(document))
    path = Path(note["path"]) if note["path"] else None
    return UnsavedWork(folder, state.with_review(note["plan"]), path, note["instruction"], note["job"])


def discard(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
