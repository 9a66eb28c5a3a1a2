"""The released GoT-6B layout -> the native one, in a process of its own."""

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
"""Called with (stage, done, total); the stages are "read", by files, and "write", by the model's parts."""
OnNote = Callable[[Note], None]
"""Called with what the user should know beside."""

_FILE_BYTES = 2 * 10**9
"""Of a file that is written: its tensors are in memory together, so it is what an import needs beside the largest."""
_LICENSE = "As released: Qwen2.5-VL-3B under the Qwen Research License, SDXL under CreativeML Open RAIL++-M, GoT's own."


@dataclass(frozen=True)
class ImportRequest:
    """One import; plain values, as it crosses to another process."""

    folder: str
    place: str
    """Of `unfinished`."""
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
    """What became of each tensor of a released checkpoint: read = written + merged + superseded + tied."""

    read: int
    written: int
    merged: int
    """LoRA tensors, now in the weights they adapted."""
    superseded: int
    """Untrained copies of trained weights."""
    tied: int
    """Output layers that are the embedding itself."""
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
    """Converts the checkpoint in `folder`, beside its two base folders, to a native model in `output`.

    `dtype` is a name of torch's ("float16"), None stores weights as the checkpoint has them; `image_size` None is what
    the UNet and the VAE were made for; `lora_alpha` None is the LoRA layers' rank, as the released model has it; `name`
    None is that of `output`.
    Pickles are opened in a child process only, by torch's restricted unpickler. `output` appears complete or not at
    all; where an import was interrupted, the next one of the same checkpoint to the same output goes on. Raises
    ModelError for a checkpoint that is incomplete, broken or hostile, RequestError for a source size that its planner
    cannot see, OutputError where `output` holds something or cannot be written.
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
    tell = on_note or (lambda text: None)
    with unfinished(output, tell) as place:
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
        return _run(request, on_progress or (lambda stage, done, total: None), tell)


def _run(request: ImportRequest, on_progress: OnProgress, on_note: OnNote) -> ImportReport:
    """Starts the import process, passes its progress and notes on and returns or raises what it ends with."""
    # -P and no empty entry: no module is taken from the folder that the user happens to stand in
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
    """Hands the request over and reads events to their end; None where no report was among them."""
    stdin, stdout = cast(IO[str], child.stdin), cast(IO[str], child.stdout)
    stdin.write(json.dumps(asdict(request)) + "\n")
    stdin.flush()  # it stays open, which tells the child that this process lives
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
