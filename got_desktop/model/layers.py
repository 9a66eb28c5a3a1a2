"""Layers over a picture and their compositing. Pictures are Pillow images and never changed in place."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from PIL import Image, ImageChops

from got_desktop.background import let_go

STRIP = 256
"""Rows to process at a time; between strips, other threads can run, above all the window's."""


@dataclass(frozen=True, eq=False)
class Layer:
    """One edit above the source."""

    name: str
    pixels: Image.Image
    """RGB, in the document's size and color space."""
    mask: Image.Image
    """Mode L: 0 keeps the pixels below, 255 replaces them."""
    visible: bool = True
    opacity: float = 1.0
    mask_on: bool = True
    """False: all of `pixels` is visible."""
    facts: dict[str, Any] = field(default_factory=dict)
    """Instruction, chain, options and model of the edit."""
    job: str = ""
    """The engine's job, if it has other candidates that could take this layer's place."""
    id: str = field(default_factory=lambda: secrets.token_hex(8))

    def __del__(self, let_go: Callable[[object], None] = let_go) -> None:
        let_go(self.pixels)
        let_go(self.mask)

    def coverage(self, box: tuple[int, int, int, int]) -> Image.Image | None:
        """How opaque the layer is in a part of the picture, as mode L; None: fully."""
        mask = self.mask.crop(box) if self.mask_on else None
        if self.opacity == 1.0:
            return mask
        level = round(255 * self.opacity)
        full = Image.new("L", (box[2] - box[0], box[3] - box[1]), level)
        return full if mask is None else ImageChops.multiply(mask, full)


def composite(base: Image.Image, layers: Sequence[Layer]) -> Image.Image:
    """Composites the visible layers over base (RGB or RGBA); pixels without a layer stay exactly those of the base.

    The base's transparency is kept.
    """
    visible_layers = [layer for layer in layers if layer.visible and layer.opacity > 0]
    if not visible_layers:
        return base
    whole = Image.new(base.mode, base.size, None)  # type: ignore[arg-type] - None: not filled, because filling is slow
    for top in range(0, base.height, STRIP):
        box = (0, top, base.width, min(base.height, top + STRIP))
        part = base.crop(box)
        alpha = part.getchannel("A") if base.mode == "RGBA" else None
        result = part.convert("RGB")
        for layer in visible_layers:
            above, coverage = layer.pixels.crop(box), layer.coverage(box)
            result = above if coverage is None else Image.composite(above, result, coverage)
        if alpha is not None:
            result.putalpha(alpha)
        whole.paste(result, box)
    return whole


def merged_down(lower: Layer, upper: Layer) -> Layer:
    """Merges two layers into one that looks the same over any picture that is opaque where they overlap.

    The mask is the union of both masks, and the pixels are the upper layer over the lower one.
    """
    size = lower.pixels.size
    pixels, mask = Image.new("RGB", size), Image.new("L", size)
    for top in range(0, size[1], STRIP):
        box = (0, top, size[0], min(size[1], top + STRIP))
        cover = [_full(layer, box) for layer in (lower, upper)]
        over = Image.composite(
            upper.pixels.crop(box), lower.pixels.crop(box), _share(cover[1], ImageChops.screen(*cover))
        )
        pixels.paste(over, box)
        mask.paste(ImageChops.screen(*cover), box)
    return replace(lower, pixels=pixels, mask=mask, opacity=1.0, mask_on=True, visible=True, job="")


def _full(layer: Layer, box: tuple[int, int, int, int]) -> Image.Image:
    size = (box[2] - box[0], box[3] - box[1])
    return layer.coverage(box) or Image.new("L", size, 255)


def _share(upper: Image.Image, both: Image.Image) -> Image.Image:
    """The upper layer's share of the common coverage, as mode L."""
    import numpy as np

    part, whole = np.asarray(upper, np.float32), np.asarray(both, np.float32)
    return Image.fromarray(np.rint(255 * part / np.maximum(whole, 1)).astype(np.uint8))
