"""Masks of a turn's regions: the spatial guidance before it is encoded by the VAE (paper sec. 4.3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from PIL import Image, ImageDraw

from engine.api.chain import COLORS, LIMIT, Region
from engine.imaging.fit import Fit, Size


def box_masks(fit: Fit, regions: Iterable[Region]) -> list[Image.Image]:
    """For each region (with a known color) a black canvas with its box filled; one black canvas if there are no
    regions.

    Corners are truncated to whole pixels. Both belong to the rectangle, as Pillow draws it for the reference. It ends
    at the edge of the picture.
    """
    return [_mask(fit, region) for region in regions] or [black(fit.canvas)]


def black(size: Size) -> Image.Image:
    """A black RGB image of this size."""
    return Image.new("RGB", size)


def _mask(fit: Fit, region: Region) -> Image.Image:
    mask, box = black(fit.canvas), region.box
    corners = [fit.to_canvas(x / LIMIT, y / LIMIT) for x, y in ((box.x1, box.y1), (box.x2, box.y2))]
    left, top, right, bottom = (int(value) for corner in corners for value in corner)
    last_x, last_y = (start + side - 1 for start, side in zip(fit.offset, fit.content, strict=True))
    color = COLORS[cast(str, region.color)]
    ImageDraw.Draw(mask).rectangle((left, top, min(right, last_x), min(bottom, last_y)), fill=color)
    return mask
