"""Imports a model: what lies in a folder, and a released checkpoint converted to the native layout."""

from __future__ import annotations

import json
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from engine.api.errors import ModelError
from got_desktop.catalog import free_name, own_models
from got_desktop.child import child_command, child_error
from got_desktop.progress import Progress
from got_desktop.requests import ImportRequest

_LAST_WORDS = 5.0
"""Seconds that an import gets, once it was interrupted, to put in order what it leaves."""


@dataclass(frozen=True)
class Found:
    """What a folder that the user chose turned out to be."""

    kind: Literal["native", "released"]
    folder: Path
    """native: the model; released: the folder with the checkpoint and its two base folders."""
    checkpoint: str = ""


def look_into(folder: Path) -> Found:
    """A model in a folder: a native one, a released one beside its base folders, or the folder that holds all three.

    Raises ModelError for any other folder.
    """
    from engine.models.released import MLLM_BASE, UNET_BASE

    if (folder / "got.json").is_file():
        return Found("native", folder)
    for parent in (folder, folder.parent):
        if all((parent / base).is_dir() for base in (MLLM_BASE, UNET_BASE)):
            inside = [folder] if parent != folder else sorted(parent.iterdir())
            for one in inside:
                if one.name not in (MLLM_BASE, UNET_BASE) and any(one.glob("*.index.json")) | any(one.glob("*.bin")):
                    return Found("released", parent, one.name)
    raise ModelError(
        "model_folder_wrong",
        "{folder} does not contain a GoT model.",
        "Choose a folder with got.json, or one that contains GoT-6B, {planner} and {unet}.",
        folder=folder,
        planner=MLLM_BASE,
        unet=UNET_BASE,
    )


def begun_import(name: str) -> Path:
    """What an interrupted import of a model of that name left, if it left something."""
    from engine.models.catalog import partial_folder

    return partial_folder(own_models() / free_name(name))


def import_model(request: ImportRequest, progress: Progress) -> str:
    """Converts a released checkpoint to the native layout, in a process of its own; gives what became of its tensors.

    Raises EngineError.
    """
    progress.stage("import", f"Import {request.checkpoint}")
    given = [str(request.folder), str(request.output), request.checkpoint, request.dtype, request.source_size]
    program, *arguments = child_command("engine.models", given)
    with subprocess.Popen([program, *arguments], stdout=subprocess.PIPE, text=True, encoding="utf-8") as child:
        try:
            last = _follow_import(child, progress)
        except KeyboardInterrupt:
            with suppress(subprocess.TimeoutExpired):  # Ctrl+C reaches it too, and it says what it leaves
                child.wait(_LAST_WORDS)
                _follow_import(child, progress)
            raise
    if "summary" in last:
        return last["summary"]
    raise child_error(last)


def _follow_import(child: subprocess.Popen[str], progress: Progress) -> dict[str, Any]:
    """Shows what an import says until it ends; the last of it."""
    assert child.stdout is not None
    last: dict[str, Any] = {}
    for line in child.stdout:
        last = json.loads(line)
        if "stage" in last:
            progress.part(f"{last['stage']} {last['done']} of {last['total']}", last["done"], last["total"])
        elif "note" in last:
            progress.note(last["note"]["text"])
    return last
