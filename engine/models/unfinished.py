"""Finished files of an interrupted import: hidden next to its output, so that the next import can continue.

`.NAME.partial/` holds `model/`, the incomplete native folder, and `finished.json`: the hashes of the finished weight
files, and the origin that they were converted from. A file that is not listed there is not finished.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from engine.api.errors import EngineUnavailable, OutputError
from engine.api.files import replace_file
from engine.api.notes import Note
from engine.api.runtime import locked, open_folder
from engine.models.catalog import partial_folder
from engine.output import check_free, writing

_MODEL, _LIST, _LOCK = "model", "finished.json", "lock"
_MOMENT = 2.0
"""Seconds in which a killed import releases its lock."""


class Finished:
    """The finished weight files in a folder from `unfinished`."""

    def __init__(self, place: Path, origin: dict[str, Any]) -> None:
        """Keeps the files that have the same origin and an unchanged hash; removes all others."""
        self.model = place / _MODEL
        self._list, self._origin = place / _LIST, origin
        record = _read(self._list)
        hashes = record.get("files", {}) if record.get("made_from") == origin else {}
        self.files = {name: digest for name, digest in hashes.items() if _digest(self.model / name) == digest}
        """Path in the model's folder -> SHA-256."""
        self.model.mkdir(exist_ok=True)
        _remove_all_but(self.model, self.files)
        self._note()

    def size(self) -> int:
        """Total size in bytes."""
        return sum((self.model / name).stat().st_size for name in self.files)

    def write(self, path: Path, save: Callable[[Path], None]) -> None:
        """Lets `save` write a file of the model, unless it is finished."""
        name = path.relative_to(self.model).as_posix()
        if name not in self.files:
            save(path)
            self.files[name] = _digest(path)
            self._note()

    def _note(self) -> None:
        replace_file(self._list, json.dumps({"made_from": self._origin, "files": self.files}).encode())


@contextmanager
def unfinished(output: Path, on_kept: Callable[[Note], None]) -> Iterator[Path]:
    """A temporary place for the import to `output`; its model moves there when the import succeeds.

    If it fails, finished files are kept, and `on_kept` gets a message. Raises OutputError if `output` is not empty or
    cannot be written, or while another import writes to it.
    """
    check_free(output)
    with writing(output):
        place = open_folder(partial_folder(output))
        alone = ExitStack()
        try:
            alone.enter_context(locked(place / _LOCK, _MOMENT))
        except EngineUnavailable as error:
            raise OutputError(
                "import_running",
                "Another import is writing to {output}.",
                "Wait until it finishes, or choose another folder.",
                output=output,
            ) from error
        try:
            with alone:
                check_free(output)
                yield place
                if output.exists():
                    output.rmdir()
                os.replace(place / _MODEL, output)
        finally:
            _tidy(place, on_kept)


def _tidy(place: Path, on_kept: Callable[[Note], None]) -> None:
    """Removes everything that the next import cannot use; the whole folder if no file is finished."""
    files = [name for name in _read(place / _LIST).get("files", {}) if (place / _MODEL / name).is_file()]
    if not files:
        shutil.rmtree(place, ignore_errors=True)
        return
    _remove_all_but(place / _MODEL, files)
    on_kept(
        Note.of(
            "import_kept",
            "The finished files ({count}) are kept in {place}; the same import resumes from there.",
            count=len(files),
            place=place,
        )
    )


def _remove_all_but(model: Path, names: dict[str, str] | list[str]) -> None:
    for path in model.rglob("*"):
        if path.is_file() and path.relative_to(model).as_posix() not in names:
            path.unlink()


def _read(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # missing, or damaged by a system crash
        return {}
    return record if isinstance(record, dict) else {}


def _digest(path: Path) -> str:
    """SHA-256; empty if there is no such file."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
