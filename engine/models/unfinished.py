"""What an interrupted import has finished: hidden beside its output, for the next one to go on from.

`.NAME.partial/` holds `model/`, the native folder as far as it is written, and `finished.json`: which of its files of
weights are whole, by their hashes, and what they were made from. A file that is not listed there is not finished.
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
"""Seconds in which an import that was killed lets go."""


class Finished:
    """The files of weights that are whole in a place of `unfinished`."""

    def __init__(self, place: Path, made_from: dict[str, Any]) -> None:
        """Takes up what is there if it was made from the same, and is as it was written; removes all else."""
        self.model = place / _MODEL
        self._list, self._made_from = place / _LIST, made_from
        found = _read(self._list)
        listed = found.get("files", {}) if found.get("made_from") == made_from else {}
        self.files = {name: digest for name, digest in listed.items() if _digest(self.model / name) == digest}
        """Their SHA-256, by their paths in the model's folder."""
        self.model.mkdir(exist_ok=True)
        _remove_all_but(self.model, self.files)
        self._note()

    def size(self) -> int:
        """Bytes that they take."""
        return sum((self.model / name).stat().st_size for name in self.files)

    def write(self, path: Path, save: Callable[[Path], None]) -> None:
        """Has `save` write a file of the model, unless it is there."""
        name = path.relative_to(self.model).as_posix()
        if name not in self.files:
            save(path)
            self.files[name] = _digest(path)
            self._note()

    def _note(self) -> None:
        replace_file(self._list, json.dumps({"made_from": self._made_from, "files": self.files}).encode())


@contextmanager
def unfinished(output: Path, on_kept: Callable[[Note], None]) -> Iterator[Path]:
    """A place for the import to `output`: its model, once `Finished` wrote it, goes there when all went well.

    When not, the files that are whole stay, and `on_kept` is told so. Raises OutputError where `output` holds something
    or cannot be written, or while another import writes to it.
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
    """Removes what is of no use to the next import: all of it where nothing is finished."""
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
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # none is there, or the machine went down while it was written
        return {}
    return found if isinstance(found, dict) else {}


def _digest(path: Path) -> str:
    """SHA-256; empty where there is no such file."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
