"""Apply LoRA adapters to a loaded model, and restore its original weights exactly."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from engine.got.files.adapter import CONFIG, PARTS, WEIGHTS, AdapterConfig, Updates, read_updates
from engine.got.files.weights import stored_tensor
from engine.got.pipeline import GoTPipeline
from engine.got.residence.quantize import Int8Linear, quantization_device

Matrix = nn.Linear | nn.Conv2d | Int8Linear
"""A module whose weight matrix an adapter may change."""


@torch.inference_mode()
def apply_adapters(pipeline: GoTPipeline, adapters: Sequence[tuple[Path, float]]) -> None:
    """Applies exactly these adapters, each scaled by its weight, and removes any others.

    Raises ModelError if an adapter cannot be used. All adapters are checked before the model is changed.
    """
    modules = _modules(pipeline)
    shapes = {name: _shape(module) for name, module in modules.items()}
    scaled_updates: list[tuple[float, Updates]] = []
    for folder, weight in adapters:
        config = AdapterConfig.from_file(folder / CONFIG)
        updates = read_updates(folder / WEIGHTS, config, shapes)
        scaled_updates.append((weight * config.alpha / config.rank, updates))
    pipeline.residence.put_away()
    targets = dict.fromkeys(name for _, updates in scaled_updates for name in updates)
    originals = {name: _original(pipeline, name, modules[name]) for name in targets}
    for name in pipeline.originals.keys() - originals.keys():
        _write(modules[name], pipeline.originals[name])
    pipeline.originals = originals
    for name, original in originals.items():
        weight = original.to(_work_device(pipeline, modules[name]), torch.float32, copy=True)
        for scale, updates in scaled_updates:
            if name in updates:
                down, up = (matrix.to(weight.device, torch.float32).flatten(1) for matrix in updates[name])
                weight += (up @ down).view_as(weight) * scale
        _write(modules[name], weight)


def _original(pipeline: GoTPipeline, name: str, module: Matrix) -> Tensor:
    """The matrix without adapters; for a quantized layer, the stored matrix before quantization."""
    if name in pipeline.originals:
        return pipeline.originals[name]
    if isinstance(module, Int8Linear):
        assert pipeline.folder is not None  # only a model that was loaded from a folder is quantized
        part, _, key = name.partition(".")
        return stored_tensor(pipeline.folder, part, f"{key}.weight")
    return module.weight.data.cpu().clone()


def _work_device(pipeline: GoTPipeline, module: Matrix) -> torch.device:
    """The device on which the new values are computed."""
    if isinstance(module, Int8Linear):
        return quantization_device(pipeline.residence.device, module.codes.device)
    return module.weight.device


def _shape(module: Matrix) -> tuple[int, ...]:
    return (module.out_features, module.in_features) if isinstance(module, Int8Linear) else tuple(module.weight.shape)


def _write(module: Matrix, weight: Tensor) -> None:
    if isinstance(module, Int8Linear):
        module.write(weight)
    else:
        module.weight.data.copy_(weight)


def _modules(pipeline: GoTPipeline) -> dict[str, Matrix]:
    """The matrices that an adapter may change, by module name."""
    return {
        f"{part}.{name}": module
        for part, model in pipeline.networks.items()
        if part in PARTS
        for name, module in model.named_modules()
        if isinstance(module, Matrix)
    }
