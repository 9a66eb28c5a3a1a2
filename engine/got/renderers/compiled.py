"""How UNet and VAE lie in memory and are run, so that a card is quick with them: the same maths to rounding."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import cast

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention import BasicTransformerBlock
from diffusers.models.attention_processor import Attention
from torch import nn

from engine.api.errors import Cancelled

log = logging.getLogger(__name__)

_SIZES = 64
"""A block may be compiled for so many."""


def channels_last(unet: UNet2DConditionModel) -> None:
    """A pixel's channels lie side by side, as a card's convolutions take them.

    Not on the processor: it gains 2 % there (PyTorch 2.13), and bfloat16 leaves the golden tolerance. Not for the VAE:
    laid out so, its latents of flat masks are 4e-4 of their largest value apart (CPU, float32; the tolerance is 1e-4).
    """
    unet.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's own has it


def fuse_projections(unet: UNet2DConditionModel) -> None:
    """One matrix multiplication makes query, key and value of self-attention, one makes key and value of the chain's.

    The single matrices become views of the fused one: it takes no more memory, and an adapter that changes one of them
    changes it. A model that is moved afterwards has to be taken apart first. Weights of 8 bits stay single.
    """
    attentions = _attentions(unet)
    if not all(isinstance(attention.to_q, nn.Linear) for attention in attentions):
        return
    unet.fuse_qkv_projections()
    for attention in attentions:
        if attention.is_cross_attention:
            fused, parts = attention.to_kv, [attention.to_k, attention.to_v]
        else:
            fused, parts = attention.to_qkv, [attention.to_q, attention.to_k, attention.to_v]
        for part, rows in zip(parts, fused.weight.data.chunk(len(parts)), strict=True):
            cast(nn.Linear, part).weight.data = rows


def take_apart(unet: UNet2DConditionModel) -> None:
    """Undoes `fuse_projections`; it takes none of the device's memory, of which there may be no more."""
    fused = [attention for attention in _attentions(unet) if attention.fused_projections]
    if fused:
        unet.unfuse_qkv_projections()
    for attention in fused:
        parts = [cast(nn.Linear, part) for part in (attention.to_q, attention.to_k, attention.to_v)]
        device = parts[0].weight.device
        for part in parts:
            part.weight.data = part.weight.data.to("cpu", copy=True)
        for name in ("to_qkv", "to_kv"):
            if hasattr(attention, name):
                delattr(attention, name)
        for part in parts:
            part.weight.data = part.weight.data.to(device)
        attention.fused_projections = False


def compile_blocks(unet: UNet2DConditionModel, trial: Callable[[], object], backend: str = "inductor") -> bool:
    """Compiles the transformer blocks, which a UNet repeats, if `trial`, which uses them, runs with it.

    A compiler that is missing or fails is no one's error: the blocks then run as they are, and False comes back. Raises
    torch.OutOfMemoryError and Cancelled, as the trial does.
    """
    import torch._dynamo.config  # only where something is compiled, not whenever the engine starts

    for module in unet.modules():
        if isinstance(module, BasicTransformerBlock):
            module.compile(fullgraph=True, backend=backend)
    try:
        with torch._dynamo.config.patch(recompile_limit=_SIZES):
            trial()
    except (torch.OutOfMemoryError, Cancelled):
        release_blocks(unet)
        raise
    except Exception as error:  # of the compiler, the system's C compiler and the card's driver: there is no list
        release_blocks(unet)
        log.warning("the UNet runs without torch.compile", extra={"fault": f"{type(error).__name__}: {error}"})
        return False
    return True


def release_blocks(unet: UNet2DConditionModel) -> None:
    """Undoes `compile_blocks`."""
    compiled = [module for module in unet.modules() if module._compiled_call_impl]
    for module in compiled:
        module._compiled_call_impl = None
    if compiled:  # what was made for one model counts against what may be made for the next
        torch.compiler.reset()


def _attentions(unet: UNet2DConditionModel) -> list[Attention]:
    return [module for module in unet.modules() if isinstance(module, Attention)]
