"""The pictures of one request, from the source to the last turn's."""

from __future__ import annotations

from PIL import Image

from engine.got.renderers.masks import black
from engine.got.renderers.options import RenderOptions


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

    def add(self, canvas: Image.Image) -> Image.Image:
        """Takes in the canvas that a turn has drawn; gives it back without its margins."""
        self._picture = self.fit.crop(canvas)
        self.images.append(self.fit.restore(canvas))
        return self._picture
