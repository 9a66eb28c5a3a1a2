"""Checkpoints that are whole or not there: written beside, synced, listed with their hashes, renamed at last."""

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
    """Writes the checkpoint of a step and removes all but the last `keep`.

    Raises OutputError where there is no room or no right to write; the checkpoints before it are untouched.
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
    except (OSError, RuntimeError) as error:  # torch says RuntimeError where a write came short
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
    """The state of the newest checkpoint that is whole, or None; what a killed run left half-written is removed."""
    for partial in folder.glob(f".{_PREFIX}*.tmp"):
        shutil.rmtree(partial)
    for path in reversed(_checkpoints(folder)):
        if _whole(path):
            return torch.load(path / _STATE, weights_only=True, map_location="cpu")
    return None


def _checkpoints(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"{_PREFIX}*"))


def _whole(path: Path) -> bool:
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
    """The operating system's words, which torch may have wrapped."""
    while error.__cause__ or error.__context__:
        if isinstance(error, OSError):
            break
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return getattr(error, "strerror", None) or str(error).splitlines()[0]
