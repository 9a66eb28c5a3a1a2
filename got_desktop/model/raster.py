"""Pillow pictures as Qt images in all sizes that the canvas needs, and differences of pictures. All slow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageChops
from PySide6.QtGui import QImage

from got_desktop.background import let_go
from got_desktop.model.layers import STRIP
from got_desktop.model.screen_color import for_screen

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SMALLEST = 256
"""The pyramid ends at the first level whose longer side is at most this."""

OVERVIEW = 720
"""The longer side of a picture that is shown next to others is between this and twice this."""


@dataclass(frozen=True, eq=False)
class Pyramid:
    """One picture at full size, half, a quarter, …, ready to paint."""

    levels: tuple[QImage, ...]

    @property
    def size(self) -> tuple[int, int]:
        return self.levels[0].width(), self.levels[0].height()

    def __del__(self, let_go: Callable[[object], None] = let_go) -> None:
        for level in self.levels:
            let_go(level)

    def level(self, scale: float) -> tuple[QImage, int]:
        """(the smallest sharp level at that scale of screen pixels per picture pixel, its reduction factor)."""
        step = 0
        while step + 1 < len(self.levels) and scale * 2 ** (step + 1) <= 1.0:
            step += 1
        return self.levels[step], 2**step


def pyramid(image: Image.Image, profile: bytes | None = None) -> Pyramid:
    """Builds the pyramid of an RGB or RGBA picture in the screen's colors; `profile` is the picture's own."""
    image = for_screen(image, profile)
    levels = [to_qimage(image)]
    while max(image.size) > SMALLEST and min(image.size) > 1:
        image = _half_size(image)
        levels.append(to_qimage(image))
    return Pyramid(tuple(levels))


def overview(image: Image.Image, profile: bytes | None = None) -> Pyramid:
    """The pyramid of a reduced picture, for showing it small."""
    return pyramid(image.reduce(max(1, max(image.size) // OVERVIEW)), profile)


def _half_size(image: Image.Image) -> Image.Image:
    half = Image.new(image.mode, ((image.width + 1) // 2, (image.height + 1) // 2), None)  # type: ignore[arg-type]
    for top in range(0, image.height, 2 * STRIP):
        part = image.crop((0, top, image.width, min(image.height, top + 2 * STRIP)))
        half.paste(part.reduce(2), (0, top // 2))
    return half


def to_qimage(image: Image.Image) -> QImage:
    """RGB or RGBA -> a QImage with its own copy of the pixels."""
    import numpy as np

    alpha = image.mode == "RGBA"
    image_copy = QImage(
        image.width, image.height, QImage.Format.Format_RGBA8888 if alpha else QImage.Format.Format_RGBX8888
    )
    rows = np.frombuffer(image_copy.bits(), np.uint8).reshape(image.height, image_copy.bytesPerLine())
    for top in range(0, image.height, STRIP):
        part = image.crop((0, top, image.width, min(image.height, top + STRIP)))
        pixels = np.asarray(part if alpha else part.convert("RGBA"))
        rows[top : top + part.height, : 4 * image.width] = pixels.reshape(part.height, -1)
    return image_copy


def from_qimage(image: QImage) -> Image.Image:
    """A QImage, such as a pasted one -> RGB or RGBA."""
    import numpy as np

    alpha = image.hasAlphaChannel()
    plain = image.convertToFormat(QImage.Format.Format_RGBA8888)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.bytesPerLine())
    image_copy = Image.fromarray(rows[:, : 4 * plain.width()].reshape(plain.height(), plain.width(), 4).copy())
    return image_copy if alpha else image_copy.convert("RGB")


Rectangle = tuple[int, int, int, int]
"""left, top, right, bottom in pixels; right and bottom are exclusive."""


@dataclass(frozen=True, eq=False)
class Difference:
    """The changes that an edit made to a picture."""

    heat: Pyramid
    """RGBA: transparent for unchanged pixels, from amber to red for changed ones."""
    changed: float
    """Percentage of all pixels that changed."""
    border: float
    """Percentage of all pixels that changed in the soft border around the edit regions."""
    spill: float
    """Percentage of all pixels that changed beyond that border."""


def difference(before: Image.Image, after: Image.Image, regions: list[Rectangle], borders: list[int]) -> Difference:
    """Compares two pictures; `borders` are the widths in pixels of the soft borders around the edit regions."""
    import numpy as np

    inside, near = (np.zeros((before.height, before.width), bool) for _ in range(2))
    for (left, top, right, bottom), width in zip(regions, borders, strict=True):
        inside[top:bottom, left:right] = True
        near[max(0, top - width) : bottom + width, max(0, left - width) : right + width] = True
    near &= ~inside
    heat = Image.new("RGBA", before.size, None)  # type: ignore[arg-type]
    changed = border = beyond = 0
    for top in range(0, before.height, STRIP):
        box = (0, top, before.width, min(before.height, top + STRIP))
        parts = [picture.crop(box).convert("RGB") for picture in (before, after)]
        most = np.asarray(ImageChops.difference(*parts)).max(axis=2)
        here, rows = most > 0, slice(top, box[3])
        changed += int(here.sum())
        border += int((here & near[rows]).sum())
        beyond += int((here & ~near[rows] & ~inside[rows]).sum())
        heat.paste(Image.fromarray(_heat(most)), box)
    return Difference(
        pyramid(heat), *(100 * count / (before.width * before.height) for count in (changed, border, beyond))
    )


def _heat(most: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Differences of 0 to 255 -> RGBA; small ones are amplified to be visible."""
    import numpy as np

    level = np.sqrt(most.astype(np.float32) / 255)
    low, high = np.array([255, 196, 0], np.float32), np.array([214, 0, 54], np.float32)
    color = low + (high - low) * level[..., None]
    alpha = np.where(most > 0, 70 + 170 * level, 0)
    return np.dstack([color, alpha]).astype(np.uint8)
