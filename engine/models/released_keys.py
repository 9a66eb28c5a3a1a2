"""Converts the released GoT's tensor names and LoRA layers to the native layout's names and plain weights.

No tensor is dropped silently: each one becomes a native tensor, is merged into one, or is counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from engine.got.files.weights import broken

PARTS = ("mllm", "unet", "vae", "projectors")

_ADAPTER = "default"  # PEFT's name for the adapter that it trains
_LORA_A, _LORA_B = f".lora_A.{_ADAPTER}.", f".lora_B.{_ADAPTER}."
_BASE, _ORIGINAL, _TRAINED = ".base_layer.", ".original_module.", f".modules_to_save.{_ADAPTER}."


@dataclass(frozen=True)
class Lora:
    """The update of a LoRA layer: b · a · scale."""

    a: Tensor
    b: Tensor
    scale: float

    def merged(self, weight: Tensor) -> Tensor:
        """The merged weight; computed in float32, stored in the weight's own dtype."""
        return torch.addmm(weight.float(), self.b.float(), self.a.float(), alpha=self.scale).to(weight.dtype)


@dataclass
class NativeTensors:
    """A released checkpoint by native names, with counts of the tensors that have none."""

    parts: dict[str, dict[str, Tensor]] = field(default_factory=lambda: {part: {} for part in PARTS})
    loras: dict[tuple[str, str], Lora] = field(default_factory=dict)
    """LoRA layers that are still to be merged, by the part and name of their weight."""
    merged: int = 0
    """LoRA tensors, merged into the weights that they adapt."""
    superseded: int = 0
    """Copies from before training of weights that were trained."""

    def finish(self, part: str, name: str, weight: Tensor) -> Tensor:
        """The weight, merged with its LoRA layer if it has one. Merging is postponed until writing to save memory."""
        lora = self.loras.get((part, name))
        return lora.merged(weight) if lora else weight


def to_native(tensors: dict[str, Tensor], place: Path, lora_alpha: float | None) -> NativeTensors:
    """Renames all tensors, and collects PEFT's LoRA layers: weight + B·A·alpha/r.

    `lora_alpha` None means alpha = r, as in the released model's training (supp. 8). Raises ModelError, naming `place`,
    for an unknown tensor name, half a LoRA layer, or two tensors with the same native name.
    """
    native = NativeTensors()
    for key, tensor in tensors.items():
        if _LORA_A in key or _LORA_B in key:
            _demand(_base_of(key) in tensors, place, f"{key} has no weight to adapt")
            native.merged += 1
        elif _ORIGINAL in key:
            _demand(key.replace(_ORIGINAL, _TRAINED) in tensors, place, f"{key} has no trained copy")
            native.superseded += 1
        else:
            part, name = _native_name(key, place)
            _demand(name not in native.parts[part], place, f"it holds {part} {name} twice")
            native.parts[part][name] = tensor
            lora = _lora_of(key, tensors, place, lora_alpha)
            if lora:
                native.loras[part, name] = lora
    return native


def _native_name(key: str, place: Path) -> tuple[str, str]:
    """Part and name in the native layout, for keys of transformers 4.49 and of 4.52 or later."""
    root, _, name = key.replace(_BASE, ".").replace(_TRAINED, ".").partition(".")
    if root in ("unet", "vae"):
        return root, name
    if root in ("output_projector", "output_projector_add"):
        return "projectors", f"{root}.{name.removeprefix('projector.')}"
    _demand(root == "mllm", place, f"{key} is not a tensor of GoT")
    name = name.removeprefix("base_model.model.")
    if name.startswith("visual."):
        return "mllm", f"model.{name}"
    if name.startswith("model.") and not name.startswith(("model.visual.", "model.language_model.")):
        return "mllm", f"model.language_model.{name.removeprefix('model.')}"
    return "mllm", name


def _base_of(lora_key: str) -> str:
    """The key of the weight that a LoRA tensor adapts."""
    return lora_key.replace(_LORA_A, _BASE).replace(_LORA_B, _BASE)


def _lora_of(key: str, tensors: dict[str, Tensor], place: Path, lora_alpha: float | None) -> Lora | None:
    """The LoRA layer of a weight, or None."""
    weight = tensors[key]
    a, b = tensors.get(key.replace(_BASE, _LORA_A)), tensors.get(key.replace(_BASE, _LORA_B))
    if _BASE not in key or (a is None and b is None):
        return None
    if a is None or b is None:
        raise broken(place, f"the LoRA layer of {key} is not complete")
    rank = a.shape[0]
    fits = weight.ndim == a.ndim == b.ndim == 2 and weight.shape == (b.shape[0], a.shape[1]) and b.shape[1] == rank
    _demand(fits, place, f"the LoRA layer of {key} has other shapes than its weight")
    return Lora(a, b, 1.0 if lora_alpha is None else lora_alpha / rank)


def _demand(holds: bool, place: Path, reason: str) -> None:
    if not holds:
        raise broken(place, reason)
