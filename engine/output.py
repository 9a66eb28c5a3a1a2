"""Output folders: written only where nothing exists, complete or not at all, with clear errors."""

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
    """A temporary folder next to `folder`, which replaces it on success and is removed on failure.

    Raises OutputError if `folder` is not empty (unless `replace`) or cannot be written.
    """
    check_free(folder, replace)
    with writing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as outer:
            # a subfolder, because a temporary folder itself does not have ordinary permissions
            inner = Path(outer) / "new"
            inner.mkdir()
            yield inner
            if folder.exists():
                os.replace(folder, Path(outer) / "old")
            os.replace(inner, folder)


def check_free(folder: Path, replace: bool = False) -> None:
    """Raises OutputError if an output folder is not empty (unless `replace`)."""
    with writing(folder):
        if folder.exists() and not (folder.is_dir() and (replace or not any(folder.iterdir()))):
            raise OutputError(
                "output_exists", "{folder} already exists.", "Choose another folder, or remove this one.", folder=folder
            )


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Converts errors of the system and of safetensors to an OutputError for this folder."""
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
