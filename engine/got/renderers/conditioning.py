"""Conditions of one render: semantic, spatial and reference guidance (paper sec. 4.3)."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image
from torch import Tensor

from engine.got.renderers.guidance import Branch
from engine.got.renderers.projectors import Projectors
from engine.imaging.fit import Size


@dataclass(frozen=True)
class SemanticGuidance:
    """The chain's meaning, in place of SDXL's two text encoders."""

    prompt_embeds: Tensor
    """(1, queries, cross-attention width)"""
    null_prompt_embeds: Tensor
    """The same shape: the embeddings of the null condition."""
    pooled_prompt_embeds: Tensor
    """(1, pooled width); the same in all branches."""

    def to(self, device: torch.device) -> SemanticGuidance:
        """A copy on this device."""
        return SemanticGuidance(
            self.prompt_embeds.to(device), self.null_prompt_embeds.to(device), self.pooled_prompt_embeds.to(device)
        )


@dataclass(frozen=True)
class Conditioning:
    """All inputs of the UNet besides the noisy latents."""

    semantic: SemanticGuidance
    reference_latents: Tensor
    """(1, C, height / 8, width / 8): the source image (text-to-image: black), not scaled."""
    spatial_latents: Tensor
    """The same shape: the mean over the boxes' masks, not scaled."""
    add_time_ids: Tensor
    """(1, 6): SDXL's original size, crop and target size."""

    def prompt_embeds(self, branches: list[Branch]) -> Tensor:
        """(branches, queries, width)"""
        full, null = self.semantic.prompt_embeds, self.semantic.null_prompt_embeds
        return torch.cat([full if branch.semantic else null for branch in branches])

    def image_latents(self, branches: list[Branch]) -> Tensor:
        """(branches, 2C, h, w): reference, then spatial latents, in the order of the UNet's input channels. Null is
        zeros."""
        null = torch.zeros_like(self.reference_latents)
        reference = torch.cat([self.reference_latents if branch.reference else null for branch in branches])
        spatial = torch.cat([self.spatial_latents if branch.spatial else null for branch in branches])
        return torch.cat([reference, spatial], dim=1)


def semantic_guidance(query_hidden: Tensor, projectors: Projectors) -> SemanticGuidance:
    """(1, queries, d) last hidden states of the query tokens -> the replacement for SDXL's text embeddings."""
    project = projectors.output_projector
    return SemanticGuidance(
        prompt_embeds=project(query_hidden),
        null_prompt_embeds=project(torch.zeros_like(query_hidden)),
        pooled_prompt_embeds=projectors.output_projector_add(query_hidden).mean(dim=1),
    )


_ENCODING_BYTES = 2.6e9
"""Memory limit for encoding: as much as SDXL's VAE needs to decode one image of 1024 × 1024 in bfloat16."""
_ENCODING_VALUES = 6
"""Values that the encoder holds at its peak, per pixel and channel of its first layer (measured: 6.0, SDXL's VAE)."""


class PictureEncoder:
    """The VAE's encoder, with a cache of the pictures that were encoded last.

    Candidates, corrected chains and new seeds use the same source and masks again, and every chain without a box uses
    the black canvas.
    """

    def __init__(self, vae: AutoencoderKL, remembered: int = 32) -> None:
        self.vae = vae
        self.remembered = remembered
        self._latents: OrderedDict[bytes, Tensor] = OrderedDict()

    def __call__(self, pictures: Sequence[Image.Image]) -> Tensor:
        """RGB pictures of one size -> (pictures, C, height / 8, width / 8): the modes, not scaled.

        New pictures are encoded in batches, as large as the memory limit allows.
        """
        keys = [hashlib.blake2b(repr(picture.size).encode() + picture.tobytes()).digest() for picture in pictures]
        new = {key: picture for key, picture in zip(keys, pictures, strict=True) if key not in self._latents}
        if new:
            remaining = iter(new.values())
            modes = []
            while batch := list(islice(remaining, self.batch_size(pictures[0].size))):
                modes.append(self._encode(batch))
            self._latents |= zip(new, torch.cat(modes), strict=True)
        for key in keys:
            self._latents.move_to_end(key)
        latents = torch.stack([self._latents[key] for key in keys])
        while len(self._latents) > self.remembered:
            self._latents.popitem(last=False)
        return latents

    def batch_size(self, size: Size) -> int:
        """The number of pictures of this size that are encoded together."""
        values = _ENCODING_VALUES * self.vae.config["block_out_channels"][0] * size[0] * size[1]
        return max(1, int(_ENCODING_BYTES / (values * self.vae.dtype.itemsize)))

    def _encode(self, pictures: Sequence[Image.Image]) -> Tensor:
        pixels = torch.stack([image_to_tensor(picture, self.vae.device) for picture in pictures])
        return self.vae.encode(pixels.to(self.vae.dtype), return_dict=False)[0].mode()

    def forget(self) -> None:
        """Clears the cache. Required when the VAE moves or encodes differently."""
        self._latents.clear()


def image_guidance(
    encode: PictureEncoder, reference: Image.Image, masks: Sequence[Image.Image], dtype: torch.dtype
) -> tuple[Tensor, Tensor]:
    """Reference and spatial latents, (1, C, h, w) each, as `dtype`."""
    latents = encode([reference, *masks]).to(dtype)
    return latents[:1], latents[1:].mean(dim=0, keepdim=True)


def size_ids(canvas: Size) -> Tensor:
    """(1, 6): SDXL's original size, crop corner and target size (height first) of an uncropped image."""
    width, height = canvas
    return torch.tensor([[height, width, 0, 0, height, width]], dtype=torch.float32)


def image_to_tensor(image: Image.Image, device: torch.device | str = "cpu") -> Tensor:
    """RGB picture -> (3, height, width), float32 in [-1, 1]. It is converted on the device, after a transfer of
    bytes."""
    pixels = torch.from_numpy(np.array(image)).to(device)
    return pixels.permute(2, 0, 1).float() / 127.5 - 1.0


def tensor_to_image(pixels: Tensor) -> Image.Image:
    """(3, height, width) in [-1, 1] -> RGB picture; values are truncated, as in the reference."""
    levels = (pixels.float() / 2 + 0.5).clamp(0, 1).permute(1, 2, 0) * 255
    return Image.fromarray(levels.to(torch.uint8).cpu().numpy())
