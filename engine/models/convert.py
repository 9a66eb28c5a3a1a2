"""Imports a released GoT-6B checkpoint to the native layout, in a separate process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, cast

from engine.api.encoding import from_json
from engine.api.errors import ModelError
from engine.api.notes import Note
from engine.api.protocol import ErrorReply
from engine.models.released import MLLM_BASE, UNET_BASE
from engine.models.unfinished import unfinished

OnProgress = Callable[[str, int, int], None]
"""Called with (stage, done, total); the stages are "read", in files, and "write", in parts of the model."""
OnNote = Callable[[Note], None]
"""Called with further information for the user."""

_FILE_BYTES = 2 * 10**9
"""Limit in bytes for each file. The tensors of one file are in memory at the same time, so it bounds an import's
memory."""
_LICENSE = "As released: Qwen2.5-VL-3B under the Qwen Research License, SDXL under CreativeML Open RAIL++-M, GoT's own."


@dataclass(frozen=True)
class ImportRequest:
    """The request for the import process; plain values that can be sent as JSON."""

    folder: str
    place: str
    """The folder from `unfinished`."""
    checkpoint: str
    name: str
    dtype: str | None
    source_size: int
    image_size: int | None
    lora_alpha: float | None
    license: str
    max_shard_size: int


@dataclass(frozen=True)
class ImportReport:
    """How each tensor of a released checkpoint was handled: read = written + merged + superseded + tied."""

    read: int
    written: int
    merged: int
    """LoRA tensors, merged into the weights that they adapt."""
    superseded: int
    """Copies from before training of weights that were trained."""
    tied: int
    """Output layers that are equal to the embedding."""
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.read} tensors read: {self.written} written, {self.merged} merged as LoRA, {self.superseded} stale "
            f"copies and {self.tied} tied left out; none missing, none left over ({self.seconds:.1f} s)."
        )


def import_released(
    folder: Path,
    output: Path,
    checkpoint: str = "GoT-6B",
    dtype: str | None = None,
    source_size: int = 448,
    on_progress: OnProgress | None = None,
    *,
    name: str | None = None,
    image_size: int | None = None,
    lora_alpha: float | None = None,
    license: str = _LICENSE,
    max_shard_size: int = _FILE_BYTES,
    on_note: OnNote | None = None,
) -> ImportReport:
    """Converts the checkpoint in `folder`, next to its two base folders, to a native model in `output`.

    `dtype` is the name of a torch dtype ("float16"); None keeps the checkpoint's. `image_size` None is the size that
    UNet and VAE were trained for. `lora_alpha` None is the rank of the LoRA layers, as in the released model. `name`
    None is the name of `output`. Pickles are opened only in a child process, with torch's restricted unpickler.
    `output` appears complete or not at all. After an interruption, the next import of the same checkpoint to the same
    output continues where it ended. Raises ModelError if the checkpoint is incomplete, broken or malicious,
    RequestError if the planner does not support the source size, and OutputError if `output` is not empty or cannot be
    written.
    """
    for needed in (checkpoint, MLLM_BASE, UNET_BASE):
        if not (folder / needed).is_dir():
            raise ModelError(
                "released_folder_wrong",
                "{folder} does not contain the folder {needed}.",
                "Choose the folder that contains {checkpoint}, {planner} and {unet}.",
                folder=folder,
                needed=needed,
                checkpoint=checkpoint,
                planner=MLLM_BASE,
                unet=UNET_BASE,
            )
    notify = on_note or (lambda text: None)
    with unfinished(output, notify) as place:
        request = ImportRequest(
            folder=str(folder.resolve()),
            place=str(place),
            checkpoint=checkpoint,
            name=name or output.resolve().name,
            dtype=dtype,
            source_size=source_size,
            image_size=image_size,
            lora_alpha=lora_alpha,
            license=license,
            max_shard_size=max_shard_size,
        )
        return _run(request, on_progress or (lambda stage, done, total: None), notify)


def _run(request: ImportRequest, on_progress: OnProgress, on_note: OnNote) -> ImportReport:
    """Runs the import process and forwards its progress and notes. Returns its report or raises its error."""
    # -P and no empty entry: no modules are imported from the current folder
    paths = os.pathsep.join(path for path in sys.path if path)
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as log:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "engine.models.import_process"],
            env=os.environ | {"PYTHONPATH": paths, "PYTHONIOENCODING": "utf-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            encoding="utf-8",
        )
        with child:
            try:
                report = _follow(child, request, on_progress, on_note)
            except BaseException:
                child.kill()
                raise
        if report is None:
            log.seek(0)
            raise _died(child.returncode, log.read())
        return report


def _follow(
    child: subprocess.Popen[str], request: ImportRequest, on_progress: OnProgress, on_note: OnNote
) -> ImportReport | None:
    """Sends the request and handles events until they end. Returns None if there was no report."""
    stdin, stdout = cast(IO[str], child.stdin), cast(IO[str], child.stdout)
    stdin.write(json.dumps(asdict(request)) + "\n")
    stdin.flush()  # stays open, so that the child notices when this process ends
    report = None
    for line in stdout:
        event = json.loads(line)
        if "progress" in event:
            on_progress(*event["progress"])
        elif "note" in event:
            on_note(Note(**event["note"]))
        elif "error" in event:
            raise from_json(ErrorReply, event["error"]).error()
        else:
            report = ImportReport(**event["report"])
    return report


def _died(exit_status: int, log: str) -> ModelError:
    silent = Note.of("nothing", "it printed no message")
    last_words = next((line.strip() for line in reversed(log.splitlines()) if line.strip()), silent)
    return ModelError(
        "import_died",
        "The import process exited with status {exit_status}: {last_words}.",
        "Close other programs if memory is low, and import again.",
        exit_status=exit_status,
        last_words=last_words,
    )
