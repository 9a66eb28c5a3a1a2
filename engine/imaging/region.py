"""The selected region of a picture: what the model sees, and how its result is put back."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageChops

from engine.api.protocol import Selection
from engine.imaging.composite import Layer, Rectangle
from engine.imaging.fit import Size


@dataclass(frozen=True)
class Region:
    """The region of a picture to work on."""

    picture: Size
    crop: Rectangle
    """What the model sees."""
    inside: Rectangle
    """What may change."""

    @classmethod
    def of(cls, picture: Size, selection: Selection | None) -> Region:
        """The selection with some of its surroundings, or the whole picture. Raises RequestError if it is outside the
        picture."""
        if selection is None:
            return cls(picture, (0, 0, *picture), (0, 0, *picture))
        return cls(picture, selection.seen_in(*picture), selection.rectangle)

    def cut(self, picture: Image.Image) -> Image.Image:
        """The crop of the picture that the model sees."""
        return picture if self.crop == (0, 0, *self.picture) else picture.crop(self.crop)

    def back(self, layer: Layer, below: Image.Image) -> Layer:
        """Converts a layer over the crop to a layer over the whole picture `below`; its mask is limited to the
        selection."""
        if self.inside == (0, 0, *self.picture):
            return layer
        image = below.copy()
        image.paste(layer.image, self.crop[:2])
        mask = Image.new("L", self.picture, 0)
        mask.paste(layer.mask, self.crop[:2])
        inside = Image.new("L", self.picture, 0)
        inside.paste(255, self.inside)
        return Layer(layer.name, image, ImageChops.darker(mask, inside))
