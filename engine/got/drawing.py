"""The pictures of one request, from the source to the last turn's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from PIL import Image, ImageDraw

from engine.api.chain import COLORS, LIMIT, Region
from engine.got.options import RenderOptions
from engine.imaging.fit import Size


class Drawing:
    """What each turn of a request starts from, and what has been drawn so far."""

    def __init__(self, options: RenderOptions, source_image: Image.Image | None) -> None:
        self.options = options
        self.fit = options.fit_of(source_image.size if source_image else None)
        self.images: list[Image.Image] = []
        """One a turn, at the size to hand back."""
        self._picture = source_image.convert("RGB") if source_image else None

    def reference(self) -> Image.Image:
        """The canvas that the next turn refers to: the last picture, before it the source; black with neither."""
        return self.fit.place(self._picture) if self._picture else black(self.fit.canvas)

    def masks(self, regions: Iterable[Region]) -> list[Image.Image]:
        """A black canvas for each region (of a known color) with its box filled; one black canvas if there is none.

        Corners are cut to whole pixels and both belong to the rectangle, as Pillow draws it for the reference; it ends
        with the picture.
        """
        return [self._mask(region) for region in regions] or [black(self.fit.canvas)]

    def _mask(self, region: Region) -> Image.Image:
        mask, box = black(self.fit.canvas), region.box
        corners = [self.fit.to_canvas(x / LIMIT, y / LIMIT) for x, y in ((box.x1, box.y1), (box.x2, box.y2))]
        left, top, right, bottom = (int(value) for corner in corners for value in corner)
        last_x, last_y = (start + side - 1 for start, side in zip(self.fit.offset, self.fit.content, strict=True))
        color = COLORS[cast(str, region.color)]
        ImageDraw.Draw(mask).rectangle((left, top, min(right, last_x), min(bottom, last_y)), fill=color)
        return mask

    def add(self, canvas: Image.Image) -> Image.Image:
        """Takes in the canvas that a turn has drawn; gives it back without its margins."""
        self._picture = self.fit.crop(canvas)
        self.images.append(self.fit.restore(canvas))
        return self._picture


def black(size: Size) -> Image.Image:
    """An RGB picture of that size, all black."""
    return Image.new("RGB", size)
