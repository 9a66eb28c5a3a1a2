"""A folder that is to be written: only where nothing is, whole or not at all, and what goes wrong said as it is."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from engine.api.errors import OutputError


@contextmanager
def new_folder(folder: Path, replace: bool = False) -> Iterator[Path]:
    """A temporary folder beside `folder` that takes its place when all went well and vanishes when not.

    Raises OutputError where `folder` holds something (unless it may be replaced) or cannot be written.
    """
    check_free(folder, replace)
    with writing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as outer:
            # a folder in it, so that what takes its place has ordinary rights, which a temporary folder has not
            inner = Path(outer) / "new"
            inner.mkdir()
            yield inner
            if folder.exists():
                os.replace(folder, Path(outer) / "old")
            os.replace(inner, folder)


def check_free(folder: Path, replace: bool = False) -> None:
    """Raises OutputError where a folder to be written holds something (unless it may be replaced)."""
    with writing(folder):
        if folder.exists() and not (folder.is_dir() and (replace or not any(folder.iterdir()))):
            raise OutputError(
                "output_exists", "{folder} already exists.", "Choose another folder, or remove this one.", folder=folder
            )


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turns what the system and safetensors raise over a folder that cannot be written into an OutputError."""
    try:
        yield
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OutputError(
            "output_not_writable",
            "{folder} cannot be written: {reason}.",
            "Check the folder's permissions and free space.",
            folder=folder,
            reason=reason,
        ) from error
