"""Puts what the model drew over the source: a layer with a mask, so that untouched pixels stay bit-identical."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFilter

from engine.api.chain import Box
from engine.api.protocol import FEATHER, GROW

Rectangle = tuple[int, int, int, int]
"""(left, top, right, bottom) in pixels; right and bottom are the first ones outside."""
Scope = Literal["boxes", "spill", "whole"]
SCOPES: tuple[Scope, ...] = ("boxes", "spill", "whole")

_LEAST_DIAGONAL = 80.0
"""Pixels: a smaller region is feathered as one of this diagonal, so by 8 px where nothing else is asked for."""

_SPILL_SIDE = 512  # changes are looked for on a picture of this size at most
_SPILL_FLOOR = 14.0  # the least difference, of 255, that counts as a change
_UNMASKED_ENOUGH = 256  # pixels; with fewer, colors cannot be compared


@dataclass(frozen=True)
class Layer:
    """One edit: what lies over the picture below, and how much of it shows."""

    name: str
    image: Image.Image
    """RGB, of the source's size and in its color space."""
    mask: Image.Image
    """Mode L: 0 leaves the pixel below as it is, 255 replaces it."""

    def over(self, below: Image.Image) -> Image.Image:
        """RGB below -> RGB with this layer on top; where the mask is 0 the pixels are the same to the bit."""
        return Image.composite(self.image, below, self.mask)


def edit_layer(
    name: str,
    below: Image.Image,
    drawn: Image.Image,
    regions: Sequence[Rectangle],
    scope: Scope,
    feather: float = FEATHER,
    grow: float = GROW,
) -> Layer:
    """The layer that lays the picture `drawn` over `below` (both RGB, one size).

    `regions` are the boxes to be edited. Without one the edit is global: the whole picture is taken as it was drawn.
    `feather` and `grow` are those of `region_mask`.
    """
    if scope == "whole" or not regions:
        return Layer(name, drawn, Image.new("L", below.size, 255))
    mask = region_mask(below.size, regions, feather, grow)
    matched = match_color(drawn, below, mask)
    if scope == "spill":
        mask = ImageChops.lighter(mask, spill_mask(below, matched, mask))
    return Layer(name, matched, mask)


def pixel_rectangle(box: Box, size: tuple[int, int]) -> Rectangle:
    """A chain's box on a picture of `size` (width, height); the pixels of both its corners belong to it."""
    left, top, right, bottom = box.pixels(*size)
    return left, top, right + 1, bottom + 1


def region_mask(
    size: tuple[int, int], regions: Sequence[Rectangle], feather: float = FEATHER, grow: float = GROW
) -> Image.Image:
    """Union of the regions, grown and feathered, as mode L of `size` (width, height).

    Each region is opaque up to `grow` pixels outside it and fades over the width of its feather, which is the part
    `feather` of its diagonal: it is grown by `grow` and half its feather, and then feathered across that border. At
    the picture's border nothing fades.
    """
    mask = np.zeros((size[1], size[0]), np.uint8)
    for left, top, right, bottom in regions:
        # a pixel's width is the sharpest border there is
        soft = max(1.0, feather * max(_LEAST_DIAGONAL, float(np.hypot(right - left, bottom - top))))
        reach = int(np.ceil(grow + soft))
        x = np.arange(max(0, left - reach), min(size[0], right + reach))
        y = np.arange(max(0, top - reach), min(size[1], bottom + reach))
        distance = np.hypot(_outside(x, left, right)[None, :], _outside(y, top, bottom)[:, None])
        fade = np.clip((grow + soft - distance) / soft, 0.0, 1.0)
        opacity = np.rint(255 * fade * fade * (3 - 2 * fade)).astype(np.uint8)
        window = mask[y[0] : y[-1] + 1, x[0] : x[-1] + 1]
        np.maximum(window, opacity, out=window)
    return Image.fromarray(mask)


def _outside(positions: NDArray[np.int64], start: int, end: int) -> NDArray[np.float64]:
    """How far each pixel lies outside the interval [start, end), in pixels."""
    return np.maximum(0.0, np.maximum(start - positions, positions - (end - 1)))


def match_color(drawn: Image.Image, below: Image.Image, mask: Image.Image) -> Image.Image:
    """`drawn` with each channel's mean and spread brought to those of `below`, measured where the mask is 0."""
    unmasked = np.asarray(mask) == 0
    if unmasked.sum() < _UNMASKED_ENOUGH:
        return drawn
    channels = []
    for made, wanted in zip(drawn.split(), below.split(), strict=True):
        from_values, to_values = np.asarray(made)[unmasked], np.asarray(wanted)[unmasked]
        # A plain area has a spread of noise only, which says nothing of contrast.
        spread = from_values.std()
        gain = float(np.clip(to_values.std() / spread, 0.8, 1.25)) if spread > 4 else 1.0
        offset = to_values.mean() - gain * from_values.mean()
        table = np.clip(np.rint(gain * np.arange(256) + offset), 0, 255).astype(np.uint8)
        channels.append(made.point(table.tolist()))
    return Image.merge("RGB", channels)


def spill_mask(below: Image.Image, drawn: Image.Image, mask: Image.Image) -> Image.Image:
    """What changed beyond the mask but joined to it, such as a shadow, feathered, as mode L of the same size.

    A change counts when it stands out from the unrest that the whole unmasked picture has.
    """
    scale = min(1.0, _SPILL_SIDE / max(below.size))
    small = (max(1, round(below.width * scale)), max(1, round(below.height * scale)))
    difference = ImageChops.difference(below, drawn).resize(small, Image.Resampling.BOX)
    change = np.asarray(difference.filter(ImageFilter.GaussianBlur(1.5)), np.float32).max(axis=2)
    inside = np.asarray(mask.resize(small, Image.Resampling.BOX)) > 0
    if inside.all():
        return mask
    unrest = np.median(change[~inside])
    changed = Image.fromarray(np.uint8(255) * ((change > max(_SPILL_FLOOR, 4 * unrest)) | inside))
    joined = _connected(changed, Image.fromarray(np.uint8(255) * inside))
    soft = joined.filter(ImageFilter.MaxFilter(5)).filter(ImageFilter.GaussianBlur(2))
    return soft.resize(below.size, Image.Resampling.BILINEAR)


def _connected(area: Image.Image, seeds: Image.Image) -> Image.Image:
    """The parts of `area` that touch `seeds` (both black and white)."""
    reached = ImageChops.darker(seeds, area)
    while True:
        grown = ImageChops.darker(reached.filter(ImageFilter.MaxFilter(3)), area)
        if ImageChops.difference(grown, reached).getbbox() is None:
            return reached
        reached = grown


def layer_name(instruction: str) -> str:
    """Name of an edit's layer: "GoT: " and the first 40 characters of the instruction, on one line."""
    line = " ".join("".join(c if c.isprintable() else " " for c in instruction).split())
    return f"GoT: {line if len(line) <= 40 else line[:39] + '…'}"
