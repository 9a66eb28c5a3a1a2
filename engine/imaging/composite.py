"""Composites the model's image over the source: a layer with a mask, so that unmasked pixels stay bit-identical."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFilter

from engine.api.borders import feather_width, reach
from engine.api.chain import Box
from engine.api.protocol import FEATHER, GROW

Rectangle = tuple[int, int, int, int]
"""(left, top, right, bottom) in pixels; right and bottom are exclusive."""
Scope = Literal["boxes", "spill", "whole"]
SCOPES: tuple[Scope, ...] = ("boxes", "spill", "whole")

_SPILL_SIDE = 512  # side of the picture on which changes are searched
_SPILL_FLOOR = 14.0  # minimum difference, of 255, that counts as a change
_UNMASKED_ENOUGH = 256  # pixels; fewer are not enough to compare colors


@dataclass(frozen=True)
class Layer:
    """One edit: the image above the picture, and its mask."""

    name: str
    image: Image.Image
    """RGB, with the source's size and color space."""
    mask: Image.Image
    """Mode L: 0 keeps the pixel below, 255 replaces it."""

    def over(self, below: Image.Image) -> Image.Image:
        """RGB below -> RGB with this layer on top; pixels with mask 0 are bit-identical."""
        return Image.composite(self.image, below, self.mask)

    def in_stack(self, below: Image.Image) -> Image.Image:
        """The layer as RGBA, as it lies above `below` (RGB or RGBA): its alpha is mask × the alpha of what lies below.

        docs/engine.md explains this (Alpha, masks and hidden colors); the plug-ins do the same with a layer and its
        mask.
        """
        alpha = self.mask
        if below.mode == "RGBA":
            alpha = ImageChops.multiply(alpha, below.getchannel("A"))
        picture = self.image.copy()
        picture.putalpha(alpha)
        return picture


def edit_layer(
    name: str,
    below: Image.Image,
    image: Image.Image,
    regions: Sequence[Rectangle],
    scope: Scope,
    feather: float = FEATHER,
    grow: float = GROW,
) -> Layer:
    """The layer that puts `image` over `below` (both RGB, same size).

    `regions` are the boxes to edit. Without regions the edit is global: the whole image is used unchanged. `feather`
    and `grow` are as in `region_mask`.
    """
    if scope == "whole" or not regions:
        return Layer(name, image, Image.new("L", below.size, 255))
    mask = region_mask(below.size, regions, feather, grow)
    adjusted = match_color(image, below, mask)
    if scope == "spill":
        mask = ImageChops.lighter(mask, spill_mask(below, adjusted, mask))
    return Layer(name, adjusted, mask)


def pixel_rectangle(box: Box, size: tuple[int, int]) -> Rectangle:
    """A chain's box on a picture of `size` (width, height); both corner pixels are inside."""
    left, top, right, bottom = box.pixels(*size)
    return left, top, right + 1, bottom + 1


def region_mask(
    size: tuple[int, int], regions: Sequence[Rectangle], feather: float = FEATHER, grow: float = GROW
) -> Image.Image:
    """The union of the regions, grown and feathered, as mode L of `size` (width, height).

    Each region is opaque up to `grow` pixels outside its border, and fades out over its feather, whose width is
    `feather` times the region's diagonal. Nothing fades at the picture's border.
    """
    mask = np.zeros((size[1], size[0]), np.uint8)
    for left, top, right, bottom in regions:
        soft = feather_width(right - left, bottom - top, feather)
        beyond = reach(right - left, bottom - top, feather, grow)
        x = np.arange(max(0, left - beyond), min(size[0], right + beyond))
        y = np.arange(max(0, top - beyond), min(size[1], bottom + beyond))
        distance = np.hypot(_outside(x, left, right)[None, :], _outside(y, top, bottom)[:, None])
        fade = np.clip((grow + soft - distance) / soft, 0.0, 1.0)
        opacity = np.rint(255 * fade * fade * (3 - 2 * fade)).astype(np.uint8)
        window = mask[y[0] : y[-1] + 1, x[0] : x[-1] + 1]
        np.maximum(window, opacity, out=window)
    return Image.fromarray(mask)


def _outside(positions: NDArray[np.int64], start: int, end: int) -> NDArray[np.float64]:
    """The distance of each pixel from the interval [start, end), in pixels."""
    return np.maximum(0.0, np.maximum(start - positions, positions - (end - 1)))


def match_color(image: Image.Image, below: Image.Image, mask: Image.Image) -> Image.Image:
    """`image` with each channel's mean and standard deviation adjusted to those of `below`, measured where the mask is
    0."""
    unmasked = np.asarray(mask) == 0
    if unmasked.sum() < _UNMASKED_ENOUGH:
        return image
    channels = []
    for channel, target in zip(image.split(), below.split(), strict=True):
        from_values, to_values = np.asarray(channel)[unmasked], np.asarray(target)[unmasked]
        # The deviation of a plain area is only noise, which does not reflect contrast.
        spread = from_values.std()
        gain = float(np.clip(to_values.std() / spread, 0.8, 1.25)) if spread > 4 else 1.0
        offset = to_values.mean() - gain * from_values.mean()
        table = np.clip(np.rint(gain * np.arange(256) + offset), 0, 255).astype(np.uint8)
        channels.append(channel.point(table.tolist()))
    return Image.merge("RGB", channels)


def spill_mask(below: Image.Image, image: Image.Image, mask: Image.Image) -> Image.Image:
    """Changes outside the mask that touch it, such as a shadow, feathered, as mode L of the same size.

    A change counts if it stands out from the noise of the whole unmasked picture.
    """
    scale = min(1.0, _SPILL_SIDE / max(below.size))
    small = (max(1, round(below.width * scale)), max(1, round(below.height * scale)))
    difference = ImageChops.difference(below, image).resize(small, Image.Resampling.BOX)
    change = np.asarray(difference.filter(ImageFilter.GaussianBlur(1.5)), np.float32).max(axis=2)
    inside = np.asarray(mask.resize(small, Image.Resampling.BOX)) > 0
    if inside.all():
        return mask
    noise = np.median(change[~inside])
    changes = Image.fromarray(np.uint8(255) * ((change > max(_SPILL_FLOOR, 4 * noise)) | inside))
    spill = _connected(changes, Image.fromarray(np.uint8(255) * inside))
    soft = spill.filter(ImageFilter.MaxFilter(5)).filter(ImageFilter.GaussianBlur(2))
    return soft.resize(below.size, Image.Resampling.BILINEAR)


def _connected(area: Image.Image, seeds: Image.Image) -> Image.Image:
    """The parts of `area` that touch `seeds` (both black and white)."""
    result = ImageChops.darker(seeds, area)
    while True:
        larger = ImageChops.darker(result.filter(ImageFilter.MaxFilter(3)), area)
        if ImageChops.difference(larger, result).getbbox() is None:
            return result
        result = larger


def layer_name(instruction: str) -> str:
    """The name of an edit's layer: "GoT: " and the first 40 characters of the instruction, on one line."""
    line = " ".join("".join(c if c.isprintable() else " " for c in instruction).split())
    return f"GoT: {line if len(line) <= 40 else line[:39] + '…'}"
