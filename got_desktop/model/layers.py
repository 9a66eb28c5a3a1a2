"""Layers over a picture, and how they are put together. Pictures are Pillow's and never altered in place."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from PIL import Image, ImageChops

from got_desktop.background import let_go

STRIP = 256
"""Rows that are worked on at a time: between two strips other threads, the window's above all, get their turn."""


@dataclass(frozen=True, eq=False)
class Layer:
    """One edit above the source."""

    name: str
    pixels: Image.Image
    """RGB, of the document's size and in its color space."""
    mask: Image.Image
    """Mode L: 0 leaves what is below as it is, 255 replaces it."""
    visible: bool = True
    opacity: float = 1.0
    mask_on: bool = True
    """False: the whole of `pixels` shows."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What the layer was made with."""
    id: str = field(default_factory=lambda: secrets.token_hex(8))

    def __del__(self, let_go: Callable[[object], None] = let_go) -> None:
        let_go(self.pixels)
        let_go(self.mask)

    def coverage(self, box: tuple[int, int, int, int]) -> Image.Image | None:
        """How much of the layer shows in that part, as mode L; None: all of it."""
        mask = self.mask.crop(box) if self.mask_on else None
        if self.opacity == 1.0:
            return mask
        level = round(255 * self.opacity)
        full = Image.new("L", (box[2] - box[0], box[3] - box[1]), level)
        return full if mask is None else ImageChops.multiply(mask, full)


def composite(base: Image.Image, layers: Sequence[Layer]) -> Image.Image:
    """How base (RGB or RGBA) and the visible layers look; where no layer shows, the pixels are the base's to the bit.

    The base's transparency is kept as it is.
    """
    shown = [layer for layer in layers if layer.visible and layer.opacity > 0]
    if not shown:
        return base
    whole = Image.new(base.mode, base.size, None)  # type: ignore[arg-type] - None: not filled, which takes long
    for top in range(0, base.height, STRIP):
        box = (0, top, base.width, min(base.height, top + STRIP))
        part = base.crop(box)
        alpha = part.getchannel("A") if base.mode == "RGBA" else None
        merged = part.convert("RGB")
        for layer in shown:
            above, coverage = layer.pixels.crop(box), layer.coverage(box)
            merged = above if coverage is None else Image.composite(above, merged, coverage)
        if alpha is not None:
            merged.putalpha(alpha)
        whole.paste(merged, box)
    return whole


def merged_down(lower: Layer, upper: Layer) -> Layer:
    """Both as one layer that looks like the two over any picture that is opaque where they meet.

    The mask is the union of both; below it lies the upper over the lower one.
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
    return replace(lower, pixels=pixels, mask=mask, opacity=1.0, mask_on=True, visible=True)


def _full(layer: Layer, box: tuple[int, int, int, int]) -> Image.Image:
    size = (box[2] - box[0], box[3] - box[1])
    return layer.coverage(box) or Image.new("L", size, 255)


def _share(upper: Image.Image, both: Image.Image) -> Image.Image:
    """What part of the common coverage is the upper layer's, as mode L."""
    import numpy as np

    part, whole = np.asarray(upper, np.float32), np.asarray(both, np.float32)
    return Image.fromarray(np.rint(255 * part / np.maximum(whole, 1)).astype(np.uint8))
