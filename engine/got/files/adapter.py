"""An adapter on disk: LoRA weights (Hu et al. 2021) in a folder from an untrusted source.

The folder holds `adapter.json` and `adapter.safetensors`. For each matrix that the adapter changes there are two
tensors, named `mllm`, `unet` or `projectors`, the module's name, and `.lora_A.weight` (rank, in) or `.lora_B.weight`
(out, rank). For a convolution the shapes are (rank, in, height, width) and (out, rank, 1, 1). Everything in the files
is validated before it is used.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from engine.api.errors import ModelError
from engine.got.files.config import read_json
from engine.got.files.weights import Shapes

CONFIG, WEIGHTS = "adapter.json", "adapter.safetensors"
PARTS = ("mllm", "unet", "projectors")
"""The parts of the native layout that an adapter may change."""
MAX_HEADER = 10_000_000
MAX_TENSORS = 20_000
MAX_BYTES = 4 * 10**9
MAX_RANK = 1024

_CONFIG = {"format_version": int, "name": str, "rank": int, "alpha": (int, float), "license": str, "provenance": dict}
_REMEDY = "Download or train the adapter again."
_DOWN, _UP = ".lora_A.weight", ".lora_B.weight"


@dataclass(frozen=True)
class AdapterConfig:
    """The contents of adapter.json."""

    name: str
    rank: int
    """1 to MAX_RANK."""
    alpha: float
    """The update is scaled by alpha / rank."""

    @classmethod
    def from_file(cls, path: Path) -> AdapterConfig:
        """Raises ModelError unless the file has exactly the expected keys, with values of the expected types."""
        data = read_json(path)
        if set(data) != set(_CONFIG):
            raise _broken(path, f"its keys must be {', '.join(_CONFIG)}")
        for key, kind in _CONFIG.items():
            if not isinstance(data[key], kind) or isinstance(data[key], bool):
                raise _broken(path, f"“{key}” is of the wrong type")
        if data["format_version"] != 1 or not 1 <= data["rank"] <= MAX_RANK or not 0 < data["alpha"] <= 10_000:
            raise _broken(path, "its format, rank or alpha is out of range")
        return cls(data["name"], data["rank"], float(data["alpha"]))


Updates = dict[str, tuple[Tensor, Tensor]]
"""Module name -> (A, B)."""


def read_updates(path: Path, config: AdapterConfig, matrices: Shapes) -> Updates:
    """An adapter's pairs of matrices, by module name, checked against the model's shapes. Raises ModelError."""
    shapes = _header_shapes(path)
    names = {key.removesuffix(_DOWN).removesuffix(_UP) for key in shapes}
    for name in sorted(names):
        if name not in matrices:
            raise _broken(path, f"the model has no matrix “{name[:100]}”")
        out, *inputs = matrices[name]
        expected = {name + _DOWN: [config.rank, *inputs], name + _UP: [out, config.rank, *[1] * len(inputs[1:])]}
        for key, shape in expected.items():
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
    """The tensor shapes in a safetensors header, whose size fields are checked before use. Raises ModelError."""
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
    return ModelError("adapter_broken", "{path} cannot be used: {reason}.", _REMEDY, path=path, reason=reason)
