"""Adapters: LoRA weights (Hu et al. 2021) that are added to a model's own, and taken off again without a trace.

A folder holds `adapter.json` and `adapter.safetensors`; for each changed matrix, `mllm`, `unet` or `projectors` + its
module's name + `.lora_A.weight` (rank, in) and `.lora_B.weight` (out, rank), of a convolution (rank, in, height, width)
and (out, rank, 1, 1). Files may come from anywhere: nothing of them is believed before it is checked, and no model is
changed before all of them are.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from engine.api.errors import ModelError
from engine.got.config import read_json
from engine.got.pipeline import GoTPipeline
from engine.got.quantize import Int8Linear, workshop
from engine.got.weights import stored_tensor

CONFIG, WEIGHTS = "adapter.json", "adapter.safetensors"
MAX_HEADER = 10_000_000
MAX_TENSORS = 20_000
MAX_BYTES = 4 * 10**9
MAX_RANK = 1024

_CONFIG = {"format_version": int, "name": str, "rank": int, "alpha": (int, float), "license": str, "provenance": dict}
_REMEDY = "Get or train the adapter again."
_DOWN, _UP = ".lora_A.weight", ".lora_B.weight"


@dataclass(frozen=True)
class AdapterConfig:
    """What an adapter says about itself."""

    name: str
    rank: int
    """1 to MAX_RANK."""
    alpha: float
    """The update is scaled by alpha / rank."""

    @classmethod
    def from_file(cls, path: Path) -> AdapterConfig:
        """Raises ModelError for anything but exactly the known keys with values of their types."""
        data = read_json(path)
        if set(data) != set(_CONFIG):
            raise _broken(path, f"its keys must be {', '.join(_CONFIG)}")
        for key, kind in _CONFIG.items():
            if not isinstance(data[key], kind) or isinstance(data[key], bool):
                raise _broken(path, f"“{key}” is of the wrong type")
        if data["format_version"] != 1 or not 1 <= data["rank"] <= MAX_RANK or not 0 < data["alpha"] <= 10_000:
            raise _broken(path, "its format, rank or alpha is out of range")
        return cls(data["name"], data["rank"], float(data["alpha"]))


Matrix = nn.Linear | nn.Conv2d | Int8Linear
"""What an adapter may change the matrix of."""
Updates = dict[str, tuple[Tensor, Tensor]]
"""Module name -> (A, B)."""


@torch.inference_mode()
def apply_adapters(pipeline: GoTPipeline, adapters: Sequence[tuple[Path, float]]) -> None:
    """The model wears these adapters, each with its weight, and no others.

    Raises ModelError where one of them cannot be used; the model then wears what it wore.
    """
    modules = _modules(pipeline)
    checked: list[tuple[float, Updates]] = []
    for folder, weight in adapters:
        config = AdapterConfig.from_file(folder / CONFIG)
        updates = read_updates(folder / WEIGHTS, config, modules)
        checked.append((weight * config.alpha / config.rank, updates))
    pipeline.residence.put_away()
    changed = dict.fromkeys(name for _, updates in checked for name in updates)
    originals = {name: _original(pipeline, name, modules[name]) for name in changed}
    for name in pipeline.originals.keys() - originals.keys():
        _write(modules[name], pipeline.originals[name])
    pipeline.originals = originals
    for name, original in originals.items():
        weight = original.to(_place(pipeline, modules[name]), torch.float32, copy=True)
        for scale, updates in checked:
            if name in updates:
                down, up = (matrix.to(weight.device, torch.float32).flatten(1) for matrix in updates[name])
                weight += (up @ down).view_as(weight) * scale
        _write(modules[name], weight)


def _original(pipeline: GoTPipeline, name: str, module: Matrix) -> Tensor:
    """The matrix as it is without adapters; of one of fewer bits, as it was before it was rounded."""
    if name in pipeline.originals:
        return pipeline.originals[name]
    if isinstance(module, Int8Linear):
        assert pipeline.folder is not None  # only what was loaded from one has fewer bits
        part, _, key = name.partition(".")
        return stored_tensor(pipeline.folder, part, f"{key}.weight")
    return module.weight.data.cpu().clone()


def _place(pipeline: GoTPipeline, module: Matrix) -> torch.device:
    """Where its new values are worked out."""
    if isinstance(module, Int8Linear):
        return workshop(pipeline.residence.device, module.codes.device)
    return module.weight.device


def _shape(module: Matrix) -> tuple[int, ...]:
    return (module.out_features, module.in_features) if isinstance(module, Int8Linear) else module.weight.shape


def _write(module: Matrix, weight: Tensor) -> None:
    if isinstance(module, Int8Linear):
        module.write(weight)
    else:
        module.weight.data.copy_(weight)


def _modules(pipeline: GoTPipeline) -> dict[str, Matrix]:
    """The matrices that an adapter may change."""
    parts = {"mllm": pipeline.planner.mllm, "unet": pipeline.unet, "projectors": pipeline.projectors}
    return {
        f"{part}.{name}": module
        for part, model in parts.items()
        for name, module in model.named_modules()
        if isinstance(module, Matrix)
    }


def read_updates(path: Path, config: AdapterConfig, modules: dict[str, Matrix]) -> Updates:
    """The pairs of an adapter's file, each of the shapes that its module has. Raises ModelError."""
    shapes = _header_shapes(path)
    names = {key.removesuffix(_DOWN).removesuffix(_UP) for key in shapes}
    for name in sorted(names):
        if name not in modules:
            raise _broken(path, f"the model has no matrix “{name[:100]}”")
        out, *seen = _shape(modules[name])
        wanted = {name + _DOWN: [config.rank, *seen], name + _UP: [out, config.rank, *[1] * len(seen[1:])]}
        for key, shape in wanted.items():
            if shapes.get(key) != shape:
                raise _broken(path, f"“{key[:100]}” must be of shape {shape}, for this model and rank")
    if len(shapes) != 2 * len(names) or not names:
        raise _broken(path, "it does not hold pairs of lora_A and lora_B")
    try:
        tensors = load_file(path)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise _broken(path, "it is no whole safetensors file") from error
    for key, tensor in tensors.items():
        if not tensor.is_floating_point() or not bool(torch.isfinite(tensor.float()).all()):
            raise _broken(path, f"“{key[:100]}” holds values that are no finite numbers")
    return {name: (tensors[name + _DOWN], tensors[name + _UP]) for name in names}


def _header_shapes(path: Path) -> dict[str, Any]:
    """The shapes that a safetensors file declares, read without believing its sizes. Raises ModelError."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = struct.unpack("<Q", file.read(8))[0]
            if size > MAX_BYTES or length > min(MAX_HEADER, size - 8):
                raise _broken(path, "it, or its header, is too large")
            header = json.loads(file.read(length))
    except OSError as error:
        raise _broken(path, f"it cannot be read: {error.strerror}") from error
    except (struct.error, ValueError, RecursionError) as error:
        raise _broken(path, "it is no safetensors file") from error
    if not isinstance(header, dict) or len(header) > MAX_TENSORS:
        raise _broken(path, f"it declares no tensors, or more than {MAX_TENSORS}")
    header.pop("__metadata__", None)
    return {key: value.get("shape") if isinstance(value, dict) else None for key, value in header.items()}


def _broken(path: Path, reason: str) -> ModelError:
    return ModelError("adapter_broken", f"{path} cannot be used: {reason}.", _REMEDY)
