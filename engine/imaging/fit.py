"""Fits a picture of any size to the size at which the model renders, and maps the result back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

Size = tuple[int, int]
"""(width, height) in pixels, as in Pillow."""


@dataclass(frozen=True)
class Fit:
    """An affine map from a source picture to the model's canvas, and its inverse for the result.

    The picture fills the rectangle of `content` pixels whose top left corner is `offset`; the rest of the canvas is its
    reflection.
    """

    canvas: Size
    content: Size
    offset: tuple[int, int]
    output: Size

    @classmethod
    def pad(cls, source: Size, canvas: Size) -> Fit:
        """Keeps the aspect ratio, centered; the result has the source's size."""
        scale = min(canvas[0] / source[0], canvas[1] / source[1])
        content = tuple(max(1, min(side, round(scale * length))) for side, length in zip(canvas, source, strict=True))
        left, top = ((side - length) // 2 for side, length in zip(canvas, content, strict=True))
        return cls(canvas, (content[0], content[1]), (left, top), source)

    @classmethod
    def stretch(cls, source: Size, canvas: Size) -> Fit:
        """Stretches the picture to the canvas, as the reference does. The result has the source's aspect ratio, and its
        shorter side is as long as the canvas's, rounded down."""
        (width, height), (source_width, source_height) = canvas, source
        if source_width < source_height:
            output = (width, int(height * source_height / source_width))
        else:
            output = (int(width * source_width / source_height), height)
        return cls(canvas, canvas, (0, 0), output)

    def place(self, image: Image.Image) -> Image.Image:
        """RGB picture -> RGB canvas."""
        content = image.resize(self.content, Image.Resampling.BICUBIC)
        left, top = self.offset
        right, bottom = (c - o - i for c, o, i in zip(self.canvas, self.offset, self.content, strict=True))
        margins = ((top, bottom), (left, right), (0, 0))
        return Image.fromarray(np.pad(np.asarray(content), margins, mode="reflect"))

    def crop(self, canvas: Image.Image) -> Image.Image:
        """The content rectangle of a canvas; exactly the part that `place` filled with the picture."""
        left, top = self.offset
        return canvas.crop((left, top, left + self.content[0], top + self.content[1]))

    def crop_scaled(self, small: Image.Image) -> Image.Image:
        """The content rectangle of a canvas that was made smaller."""
        factor = small.width / self.canvas[0]
        left, top = (round(factor * at) for at in self.offset)
        width, height = (max(1, round(factor * length)) for length in self.content)
        return small.crop((left, top, left + width, top + height))

    def restore(self, canvas: Image.Image) -> Image.Image:
        """The final picture for a rendered canvas, of `output` size."""
        return self.crop(canvas).resize(self.output, Image.Resampling.BICUBIC)

    def to_canvas(self, x: float, y: float) -> tuple[float, float]:
        """A point of the picture, in fractions of its width and height -> pixels of the canvas."""
        return self.offset[0] + x * self.content[0], self.offset[1] + y * self.content[1]

    def to_picture(self, x: float, y: float) -> tuple[float, float]:
        """The inverse of `to_canvas`."""
        return (x - self.offset[0]) / self.content[0], (y - self.offset[1]) / self.content[1]
