"""Pillow's pictures as Qt's, at every size that the canvas needs; where two pictures differ. All of it is slow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageChops
from PySide6.QtGui import QImage

from got_desktop.background import let_go
from got_desktop.model.layers import STRIP

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SMALLEST = 256
"""The pyramid ends where the longer side is not longer."""

OVERVIEW = 720
"""The longer side of a picture that is seen beside others is this at least, and twice it at most."""


@dataclass(frozen=True, eq=False)
class Pyramid:
    """One picture at full size, half, a quarter, …, ready to be painted."""

    levels: tuple[QImage, ...]

    @property
    def size(self) -> tuple[int, int]:
        return self.levels[0].width(), self.levels[0].height()

    def __del__(self, let_go: Callable[[object], None] = let_go) -> None:
        for level in self.levels:
            let_go(level)

    def level(self, scale: float) -> tuple[QImage, int]:
        """(the smallest that is sharp at that scale of screen pixels a picture pixel, how much smaller it is)."""
        step = 0
        while step + 1 < len(self.levels) and scale * 2 ** (step + 1) <= 1.0:
            step += 1
        return self.levels[step], 2**step


def pyramid(image: Image.Image) -> Pyramid:
    """Of an RGB or RGBA picture."""
    levels = [to_qimage(image)]
    while max(image.size) > SMALLEST and min(image.size) > 1:
        image = _halved(image)
        levels.append(to_qimage(image))
    return Pyramid(tuple(levels))


def overview(image: Image.Image) -> Pyramid:
    """The picture for a place that is much smaller than it may be."""
    return pyramid(image.reduce(max(1, max(image.size) // OVERVIEW)))


def _halved(image: Image.Image) -> Image.Image:
    half = Image.new(image.mode, ((image.width + 1) // 2, (image.height + 1) // 2), None)  # type: ignore[arg-type]
    for top in range(0, image.height, 2 * STRIP):
        part = image.crop((0, top, image.width, min(image.height, top + 2 * STRIP)))
        half.paste(part.reduce(2), (0, top // 2))
    return half


def to_qimage(image: Image.Image) -> QImage:
    """RGB or RGBA -> Qt's own copy of the pixels."""
    import numpy as np

    alpha = image.mode == "RGBA"
    made = QImage(image.width, image.height, QImage.Format.Format_RGBA8888 if alpha else QImage.Format.Format_RGBX8888)
    rows = np.frombuffer(made.bits(), np.uint8).reshape(image.height, made.bytesPerLine())
    for top in range(0, image.height, STRIP):
        part = image.crop((0, top, image.width, min(image.height, top + STRIP)))
        pixels = np.asarray(part if alpha else part.convert("RGBA"))
        rows[top : top + part.height, : 4 * image.width] = pixels.reshape(part.height, -1)
    return made


def from_qimage(image: QImage) -> Image.Image:
    """Qt's picture, such as a pasted one -> RGB or RGBA."""
    import numpy as np

    alpha = image.hasAlphaChannel()
    plain = image.convertToFormat(QImage.Format.Format_RGBA8888)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.bytesPerLine())
    made = Image.fromarray(rows[:, : 4 * plain.width()].reshape(plain.height(), plain.width(), 4).copy())
    return made if alpha else made.convert("RGB")


@dataclass(frozen=True, eq=False)
class Difference:
    """Where an edit changed a picture."""

    heat: Pyramid
    """RGBA: clear where nothing changed, from amber to red where much did."""
    outside: float
    """Per cent of the pixels outside the edit regions that changed."""
    changed: float
    """Per cent of all pixels that changed."""


def difference(before: Image.Image, after: Image.Image, regions: list[tuple[int, int, int, int]]) -> Difference:
    """`regions` are the boxes to be edited in pixels: left, top, right, bottom, which belong to them."""
    import numpy as np

    inside = np.zeros((before.height, before.width), bool)
    for left, top, right, bottom in regions:
        inside[top : bottom + 1, left : right + 1] = True
    heat = Image.new("RGBA", before.size, None)  # type: ignore[arg-type]
    changed = beyond = 0
    for top in range(0, before.height, STRIP):
        box = (0, top, before.width, min(before.height, top + STRIP))
        parts = [picture.crop(box).convert("RGB") for picture in (before, after)]
        most = np.asarray(ImageChops.difference(*parts)).max(axis=2)
        here = most > 0
        changed += int(here.sum())
        beyond += int((here & ~inside[top : box[3]]).sum())
        heat.paste(Image.fromarray(_heat(most)), box)
    outside = int((~inside).sum())
    return Difference(
        pyramid(heat), 100 * beyond / outside if outside else 0.0, 100 * changed / (before.width * before.height)
    )


def _heat(most: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Differences of 0 to 255 -> RGBA; small ones are lifted, so that they are seen."""
    import numpy as np

    level = np.sqrt(most.astype(np.float32) / 255)
    low, high = np.array([255, 196, 0], np.float32), np.array([214, 0, 54], np.float32)
    color = low + (high - low) * level[..., None]
    alpha = np.where(most > 0, 70 + 170 * level, 0)
    return np.dstack([color, alpha]).astype(np.uint8)
