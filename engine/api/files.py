"""Writes files and folders completely or not at all. Standard library only, Python 3.10."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_BINARY = getattr(os, "O_BINARY", 0)


def write_file(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Writes a new file, which is on disk when this returns. `mode` sets its permissions. Raises OSError."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, mode), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Yields a temporary path. Its file replaces `path` if the block succeeds; otherwise it is removed."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def replace_file(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Writes or replaces a file in one step. Raises OSError, and then the old file is unchanged."""
    with beside(path) as temporary:
        write_file(temporary, data, mode)
    flush_folder(path.parent)


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Creates a folder with these files: all or none of them. Raises OSError, and then leaves nothing behind."""
    temporary = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir()
        for name, data in files.items():
            write_file(temporary / name, data)
        flush_folder(temporary)
        os.replace(temporary, folder)
    except OSError:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    flush_folder(folder.parent)


def flush_folder(folder: Path) -> None:
    """Makes the names in a folder durable. Windows does that by itself."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def folder_bytes(folder: Path) -> int:
    """Total size of the files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
