"""A small picture of what the latents hold by now."""

from __future__ import annotations

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from engine.got import GoTPipeline
from engine.got.conditioning import tensor_to_image


@torch.inference_mode()
def preview(pipeline: GoTPipeline, latents: Tensor, side: int) -> Image.Image:
    """(1, C, h, w) latents on the way -> RGB, its longer side at most `side` pixels.

    The latents are averaged down before they are decoded, which takes a fraction of a step's time, and brought to the
    spread that finished ones have: on the way they are mostly noise, of a spread that depends on the scheduler.
    """
    scale = min(1.0, side / 8 / max(latents.shape[-2:]))
    size = [max(1, round(length * scale)) for length in latents.shape[-2:]]
    small = functional.interpolate(latents.float(), size=size, mode="area")
    small = small / small.std().clamp(min=1.0)
    vae = pipeline.vae
    decoded = vae.decode(small.to(vae.device, vae.dtype) / vae.config["scaling_factor"], return_dict=False)[0]
    return tensor_to_image(decoded[0])
