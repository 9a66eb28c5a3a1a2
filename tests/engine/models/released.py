"""Copies of the reference's checkpoints in their own folder, to convert, rename and damage."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.got.files.weights import WEIGHTS
from engine.models.convert import MLLM_BASE, UNET_BASE, ImportReport, ImportRequest, OnNote, OnProgress
from engine.models.import_process import convert
from engine.models.unfinished import unfinished

PLAIN, PEFT = "GoT-6B", "GoT-6B-peft"
"""The golden checkpoints: one with plain weights in shards, and one in a single file as PEFT saves it."""

BASE_FILES = (
    *(f"{MLLM_BASE}/{name}" for name in ("config.json", "generation_config.json", "preprocessor_config.json")),
    *(f"{MLLM_BASE}/{name}" for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")),
    *(f"{UNET_BASE}/{name}" for name in ("unet/config.json", "vae/config.json", "scheduler/scheduler_config.json")),
)
"""The files of the base folders that an import needs, without weights."""


@dataclass(frozen=True)
class Released:
    """A folder in the released layout."""

    folder: Path

    @classmethod
    def copy(cls, golden: Path, folder: Path) -> Released:
        """Copies the base folders without their weights, and both checkpoints. Permissions are not copied: golden is
        read-only."""
        checkpoints = [path.relative_to(golden) for name in (PLAIN, PEFT) for path in (golden / name).iterdir()]
        for name in (*BASE_FILES, *checkpoints):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(golden / name, folder / name)
        return cls(folder)

    def tensors(self, checkpoint: str = PLAIN) -> dict[str, Tensor]:
        """All tensors of a checkpoint, read without the code under test."""
        return golden_tensors(self.folder, checkpoint)

    def write(self, tensors: object, name: str = "pytorch_model.bin", checkpoint: str = PLAIN) -> Path:
        """Replaces the checkpoint with this single file."""
        folder = self.empty(checkpoint)
        if name.endswith(".safetensors"):
            save_file(tensors, folder / name)
        else:
            torch.save(tensors, folder / name)
        return folder / name

    def write_shards(self, tensors: dict[str, Tensor], stem: str, suffix: str, checkpoint: str = PLAIN) -> Path:
        """Replaces the checkpoint with two files and an index. Returns the index."""
        folder, keys = self.empty(checkpoint), sorted(tensors)
        weight_map = {}
        for number, shard in enumerate((keys[::2], keys[1::2]), start=1):
            name = f"{stem}-{number:05d}-of-00002.{suffix}"
            part = {key: tensors[key] for key in shard}
            save_file(part, folder / name) if suffix == "safetensors" else torch.save(part, folder / name)
            weight_map |= dict.fromkeys(shard, name)
        index = folder / f"{stem}.{suffix}.index.json"
        index.write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
        return index

    def empty(self, checkpoint: str) -> Path:
        shutil.rmtree(self.folder / checkpoint)
        (self.folder / checkpoint).mkdir()
        return self.folder / checkpoint

    def convert(
        self,
        output: Path,
        checkpoint: str = PLAIN,
        on_progress: OnProgress = lambda stage, done, total: None,
        on_note: OnNote = lambda text: None,
        **changes: Any,
    ) -> ImportReport:
        """Runs the import process's conversion in this process."""
        request = {
            "folder": str(self.folder),
            "checkpoint": checkpoint,
            "name": "mine",
            "dtype": None,
            "source_size": 112,
            "image_size": None,
            "lora_alpha": None,
            "license": "as released",
            "max_shard_size": 10**9,
        }
        with unfinished(output, on_note) as place:
            import_request = ImportRequest(place=str(place), **request | changes)
            return convert(import_request, on_progress, on_note)


class Hostile:
    """Creates a folder when it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.canary),)


def golden_tensors(folder: Path, checkpoint: str) -> dict[str, Tensor]:
    """All tensors of a released checkpoint, read without the code under test."""
    files = sorted((folder / checkpoint).glob("*.bin"))
    return {key: tensor for path in files for key, tensor in torch.load(path, weights_only=True).items()}


def new_names(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """A plain checkpoint with the names of transformers 4.52 or later, and projectors without a wrapper."""
    renamed = {}
    for key, tensor in tensors.items():
        for old, new in (
            ("mllm.model.", "mllm.model.language_model."),
            ("mllm.visual.", "mllm.model.visual."),
            ("output_projector.projector.", "output_projector."),
            ("output_projector_add.projector.", "output_projector_add."),
        ):
            if key.startswith(old):
                key = new + key.removeprefix(old)
                break
        renamed[key] = tensor
    return renamed


def native_tensors(folder: Path) -> dict[str, dict[str, Tensor]]:
    """The tensors of a native model in one file per part, by part."""
    return {part: load_file(folder / place / f"{stem}.safetensors") for part, (place, stem) in WEIGHTS.items()}
