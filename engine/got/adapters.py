"""Adapters on a model: their updates are added to its own weights, and taken off again without a trace."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from engine.got.files.adapter import CONFIG, PARTS, WEIGHTS, AdapterConfig, Updates, read_updates
from engine.got.files.weights import stored_tensor
from engine.got.pipeline import GoTPipeline
from engine.got.residence.quantize import Int8Linear, workshop

Matrix = nn.Linear | nn.Conv2d | Int8Linear
"""A module whose matrix an adapter may change."""


@torch.inference_mode()
def apply_adapters(pipeline: GoTPipeline, adapters: Sequence[tuple[Path, float]]) -> None:
    """Applies these adapters, each with its weight, and no others.

    Raises ModelError where one of them cannot be used; all are checked before the model is changed.
    """
    modules = _modules(pipeline)
    shapes = {name: _shape(module) for name, module in modules.items()}
    checked: list[tuple[float, Updates]] = []
    for folder, weight in adapters:
        config = AdapterConfig.from_file(folder / CONFIG)
        updates = read_updates(folder / WEIGHTS, config, shapes)
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
    return (module.out_features, module.in_features) if isinstance(module, Int8Linear) else tuple(module.weight.shape)


def _write(module: Matrix, weight: Tensor) -> None:
    if isinstance(module, Int8Linear):
        module.write(weight)
    else:
        module.weight.data.copy_(weight)


def _modules(pipeline: GoTPipeline) -> dict[str, Matrix]:
    """The matrices that an adapter may change."""
    return {
        f"{part}.{name}": module
        for part, model in pipeline.networks.items()
        if part in PARTS
        for name, module in model.named_modules()
        if isinstance(module, Matrix)
    }
