"""Atomic checkpoints: written to a temporary folder with a hash, synced, then renamed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch

from engine.api.errors import OutputError
from engine.api.files import flush_folder, write_file

_PREFIX, _STATE, _MANIFEST = "checkpoint-", "state.pt", "manifest.json"


def save(folder: Path, step: int, state: dict[str, Any], keep: int) -> Path:
    """Writes the checkpoint of a step, removes all but the last `keep`, and returns its folder.

    Raises OutputError if it cannot be written, such as on a full disk; earlier checkpoints are then untouched.
    """
    final, partial = folder / f"{_PREFIX}{step:08d}", folder / f".{_PREFIX}{step:08d}.tmp"
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        with open(partial / _STATE, "wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        about = {"step": step, "bytes": (partial / _STATE).stat().st_size, "sha256": _hash(partial / _STATE)}
        write_file(partial / _MANIFEST, json.dumps(about).encode())
        if final.exists():
            shutil.rmtree(final)
        os.replace(partial, final)
        flush_folder(folder)
    except (OSError, RuntimeError) as error:  # torch raises RuntimeError for a short write
        shutil.rmtree(partial, ignore_errors=True)
        raise OutputError(
            "checkpoint_not_written",
            "The checkpoint of step {step} cannot be written to {folder}: {reason}.",
            "Free some space; the same command then resumes from the previous checkpoint.",
            step=step,
            folder=folder,
            reason=_reason(error),
        ) from error
    for old in _checkpoints(folder)[:-keep]:
        shutil.rmtree(old)
    return final


def load_newest(folder: Path) -> dict[str, Any] | None:
    """Returns the state of the newest complete checkpoint, or None. Removes what a killed run left half-written."""
    for partial in folder.glob(f".{_PREFIX}*.tmp"):
        shutil.rmtree(partial)
    for path in reversed(_checkpoints(folder)):
        if _is_complete(path):
            return torch.load(path / _STATE, weights_only=True, map_location="cpu")
    return None


def _checkpoints(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{_PREFIX}*"))


def _is_complete(path: Path) -> bool:
    try:
        about = json.loads((path / _MANIFEST).read_text(encoding="utf-8"))
        state = path / _STATE
        return state.stat().st_size == about["bytes"] and _hash(state) == about["sha256"]
    except (OSError, ValueError, KeyError):
        return False


def _hash(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _reason(error: BaseException) -> str:
    """Returns the operating system's message, which torch may have wrapped."""
    while error.__cause__ or error.__context__:
        if isinstance(error, OSError):
            break
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return getattr(error, "strerror", None) or str(error).splitlines()[0]
