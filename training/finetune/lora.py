"""Selects the weights to train in each part of a model: LoRA by PEFT (Hu et al. 2021), all, or none."""

from __future__ import annotations

import re
from typing import Any

from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn

from engine.got.files.checkpoint import Components
from training.finetune.config import Adapter

_NAME = "default"
_DECODER = r"model\.language_model\.layers\..*"
"""The planner's decoder; its vision encoder and its embeddings are not trained (paper sec. 5.4)."""


def parts_of(components: Components) -> dict[str, nn.Module]:
    """Returns the trainable networks by their names in an adapter file."""
    return {"mllm": components.mllm, "unet": components.unet, "projectors": components.projectors}


def prepare(components: Components, settings: Adapter) -> dict[str, nn.Module]:
    """Freezes and unfreezes weights according to the settings, and injects LoRA, which has no effect yet."""
    parts = parts_of(components)
    components.vae.requires_grad_(False)
    for name, how in (("mllm", settings.planner), ("unet", settings.unet), ("projectors", settings.projectors)):
        part = parts[name]
        part.requires_grad_(how == "full")
        if how == "lora":
            inject_adapter_in_model(_lora(part, settings, name), part, _NAME)
        if name == "mllm" and how == "full":
            components.mllm.model.visual.requires_grad_(False)
    # LoRA replaces the projectors themselves, so the components must refer to the new modules
    projectors: Any = parts["projectors"]
    components.output_projector = projectors.output_projector
    components.output_projector_add = projectors.output_projector_add
    return parts


def _lora(part: nn.Module, settings: Adapter, name: str) -> LoraConfig:
    """Returns LoRA's configuration for all linear layers (in the planner, the decoder's), and for the UNet's
    convolutions if the settings include them."""
    kinds = (nn.Linear, nn.Conv2d) if name == "unet" and settings.convolutions else (nn.Linear,)
    pattern = _DECODER if name == "mllm" else ".*"
    names = [n for n, m in part.named_modules() if isinstance(m, kinds) and re.fullmatch(pattern, n)]
    return LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,  # type: ignore[arg-type] - PEFT takes any number
        lora_dropout=settings.dropout,
        target_modules=names,
    )


def trainable(parts: dict[str, nn.Module]) -> dict[str, nn.Parameter]:
    """Returns all weights to train, by name."""
    return {f"{part}.{k}": p for part, m in parts.items() for k, p in m.named_parameters() if p.requires_grad}


def updates(parts: dict[str, nn.Module]) -> dict[str, tuple[Tensor, Tensor]]:
    """Returns LoRA's pairs (A, B) by the module's name in the model without LoRA, as in the engine's adapters."""
    layers: dict[str, Any] = {
        f"{part}.{name}": layer
        for part, module in parts.items()
        for name, layer in module.named_modules()
        if isinstance(layer, LoraLayer)
    }
    return {name: (layer.lora_A[_NAME].weight, layer.lora_B[_NAME].weight) for name, layer in layers.items()}


def merge(components: Components) -> None:
    """Adds LoRA's updates to the weights and removes LoRA, so that the parts are plain modules again."""
    for module in (components.mllm, components.unet):
        for name, layer in list(module.named_modules()):
            if isinstance(layer, LoraLayer):
                layer.merge()  # type: ignore[operator] - every LoRA layer has this method
                parent = module.get_submodule(name.rpartition(".")[0])
                setattr(parent, name.rpartition(".")[2], layer.get_base_layer())
    for name in ("output_projector", "output_projector_add"):
        layer = getattr(components, name)
        if isinstance(layer, LoraLayer):
            layer.merge()  # type: ignore[operator]
            setattr(components, name, layer.get_base_layer())
