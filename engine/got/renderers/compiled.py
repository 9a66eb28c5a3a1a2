"""Speeds up UNet and VAE on a GPU: memory format, fused projections and torch.compile. Results agree up to rounding."""

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
"""The number of input sizes that a block may be compiled for."""


def channels_last(unet: UNet2DConditionModel) -> None:
    """Stores a pixel's channels next to each other, the format that a GPU's convolutions use.

    Not used on the CPU: it gains 2 % there (PyTorch 2.13), and bfloat16 then exceeds the golden tolerance. Not used for
    the VAE: its latents of flat masks then differ by 4e-4 of their largest value (CPU, float32; the tolerance is 1e-4).
    """
    unet.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's own method supports it


def fuse_projections(unet: UNet2DConditionModel) -> None:
    """Fuses query, key and value of self-attention into one matrix, and key and value of cross-attention into one.

    The single matrices become views of the fused one. So no memory is added, and an adapter that changes a single
    matrix changes the fused one. Use `take_apart` before the model moves. Quantized layers are not fused.
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
    """Undoes `fuse_projections` without allocating device memory, which may be exhausted."""
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
    """Compiles the transformer blocks, which a UNet repeats, and runs `trial`, which uses them.

    Without a working compiler, returns False and leaves the blocks uncompiled. Raises torch.OutOfMemoryError and
    Cancelled, as the trial does.
    """
    import torch._dynamo.config  # slow to import, so only where something is compiled

    for module in unet.modules():
        if isinstance(module, BasicTransformerBlock):
            module.compile(fullgraph=True, backend=backend)
    try:
        with torch._dynamo.config.patch(recompile_limit=_SIZES):
            trial()
    except (torch.OutOfMemoryError, Cancelled):
        release_blocks(unet)
        raise
    except Exception as error:  # torch's compiler, the C compiler and the GPU driver raise types of their own
        release_blocks(unet)
        log.warning("the UNet runs without torch.compile", extra={"fault": f"{type(error).__name__}: {error}"})
        return False
    return True


def release_blocks(unet: UNet2DConditionModel) -> None:
    """Undoes `compile_blocks`."""
    compiled = [module for module in unet.modules() if module._compiled_call_impl]
    for module in compiled:
        module._compiled_call_impl = None
    if compiled:  # else the compiled code of one model counts against the limit of the next
        torch.compiler.reset()


def _attentions(unet: UNet2DConditionModel) -> list[Attention]:
    return [module for module in unet.modules() if isinstance(module, Attention)]
