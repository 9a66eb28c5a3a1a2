"""The images of one request, from the source image to the last turn."""

from __future__ import annotations

from PIL import Image

from engine.got.renderers.masks import black
from engine.got.renderers.options import RenderOptions


class Drawing:
    """Tracks what each turn of a request starts from and the images that have been rendered so far."""

    def __init__(self, options: RenderOptions, source_image: Image.Image | None) -> None:
        self.options = options
        self.fit = options.fit_of(source_image.size if source_image else None)
        self.images: list[Image.Image] = []
        """One image per turn, at its final size."""
        self._picture = source_image.convert("RGB") if source_image else None

    def reference(self) -> Image.Image:
        """The canvas that the next turn starts from: the last image, or the source; black if there is neither."""
        return self.fit.place(self._picture) if self._picture else black(self.fit.canvas)

    def add(self, canvas: Image.Image) -> Image.Image:
        """Adds the canvas that a turn rendered. Returns it without its margins."""
        self._picture = self.fit.crop(canvas)
        self.images.append(self.fit.restore(canvas))
        return self._picture
