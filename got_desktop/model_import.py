"""Imports a model: finds the kind of model in a folder and converts a released checkpoint to the native layout."""

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
"""Seconds that an interrupted import gets to clean up."""


@dataclass(frozen=True)
class ModelFolder:
    """The model in a folder that the user chose."""

    kind: Literal["native", "released"]
    folder: Path
    """The native model, or the folder that holds the released checkpoint and its two base folders."""
    checkpoint: str = ""


def look_into(folder: Path) -> ModelFolder:
    """Finds the model in a folder: native, released with its base folders next to it, or inside with all three.

    Raises ModelError for any other folder.
    """
    from engine.models.released import MLLM_BASE, UNET_BASE

    if (folder / "got.json").is_file():
        return ModelFolder("native", folder)
    for parent in (folder, folder.parent):
        if all((parent / base).is_dir() for base in (MLLM_BASE, UNET_BASE)):
            inside = [folder] if parent != folder else sorted(parent.iterdir())
            for path in inside:
                if path.name not in (MLLM_BASE, UNET_BASE) and any(path.glob("*.index.json")) | any(path.glob("*.bin")):
                    return ModelFolder("released", parent, path.name)
    raise ModelError(
        "model_folder_wrong",
        "{folder} does not contain a GoT model.",
        "Choose a folder with got.json, or one that contains GoT-6B, {planner} and {unet}.",
        folder=folder,
        planner=MLLM_BASE,
        unet=UNET_BASE,
    )


def partial_import(name: str) -> Path:
    """The folder that an interrupted import of that model leaves; it may not exist."""
    from engine.models.catalog import partial_folder

    return partial_folder(own_models() / free_name(name))


def import_model(request: ImportRequest, progress: Progress) -> str:
    """Converts a released checkpoint to the native layout in a separate process, and returns a summary.

    Raises EngineError.
    """
    progress.stage("import", f"Import {request.checkpoint}")
    arguments = [str(request.folder), str(request.output), request.checkpoint, request.dtype, request.source_size]
    command = child_command("engine.models", arguments)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as child:
        try:
            last = _follow_import(child, progress)
        except KeyboardInterrupt:
            with suppress(subprocess.TimeoutExpired):  # Ctrl+C also reaches the child, which reports what it keeps
                child.wait(_LAST_WORDS)
                _follow_import(child, progress)
            raise
    if "summary" in last:
        return last["summary"]
    raise child_error(last)


def _follow_import(child: subprocess.Popen[str], progress: Progress) -> dict[str, Any]:
    """Shows the progress of an import until it ends, and returns its last line."""
    assert child.stdout is not None
    last: dict[str, Any] = {}
    for line in child.stdout:
        last = json.loads(line)
        if "stage" in last:
            progress.part(f"{last['stage']} {last['done']} of {last['total']}", last["done"], last["total"])
        elif "note" in last:
            progress.note(last["note"]["text"])
    return last
