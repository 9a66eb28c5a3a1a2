"""Metrics for pictures and boxes, and their means; shared by evaluation, validation and annotation."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageFilter

from engine.api.chain import Box

OUTSIDE_DB = 25.0
"""Minimum PSNR in dB outside the boxes for an edit to count as right."""
_BLUR = 1.2  # pixels


def lab(pictures: np.ndarray) -> np.ndarray:
    """Converts sRGB, uint8 or float (..., 3) in [0, 255], to CIELAB (D65), float32."""
    c = np.asarray(pictures, np.float32) / 255
    linear = np.where(c > 0.04045, ((c + 0.055) / 1.055) ** 2.4, c / 12.92)
    xyz = linear @ np.array(
        [[0.4339, 0.2126, 0.0178], [0.3762, 0.7152, 0.1095], [0.1899, 0.0722, 0.8727]], np.float32
    )  # rows: R, G, B; already divided by the white point
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1).astype(np.float32)


def blurred_lab(picture: np.ndarray) -> np.ndarray:
    """Returns the CIELAB values of a uint8 (H, W, 3) picture after a Gaussian blur."""
    return lab(np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(_BLUR))))


def psnr(a: np.ndarray, b: np.ndarray, where: np.ndarray | None = None) -> float:
    """Returns the peak signal-to-noise ratio in dB of two uint8 pictures, over the pixels where `where` is true."""
    error = np.square(a.astype(np.float32) - b.astype(np.float32)).mean(-1)
    mean = error.mean() if where is None else error[where].mean()
    return float(10 * np.log10(255**2 / max(mean, 1e-2)))


def outside_boxes(size: tuple[int, int], boxes: list[Box]) -> np.ndarray:
    """Returns a bool (H, W) mask of the pixels that an edit in these boxes must not change.

    With no boxes, it is all False.
    """
    mask = np.full(size[::-1], bool(boxes))
    for box in boxes:
        x1, y1, x2, y2 = box.pixels(*size)
        mask[y1 : y2 + 1, x1 : x2 + 1] = False
    return mask


def iou(expected: list[Box], actual: list[Box]) -> float | None:
    """Returns the mean, over the expected boxes, of the best IoU with an actual box; None if no box is expected."""
    if not expected:
        return None
    return sum(max((e.iou(a) for a in actual), default=0.0) for e in expected) / len(expected)


def deviation(expected: list[Box], actual: list[Box]) -> float | None:
    """Returns the mean distance from each expected box's center to the nearest actual one's.

    The unit is the picture's side. None if either list is empty.
    """
    if not expected or not actual:
        return None
    return sum(min(_distance(e, a) for a in actual) for e in expected) / len(expected)


def _distance(a: Box, b: Box) -> float:
    return float(np.hypot((a.x1 + a.x2 - b.x1 - b.x2) / 2000, (a.y1 + a.y2 - b.y1 - b.y2) / 2000))


def mean(values: Iterable[float | None]) -> float | None:
    """Returns the mean of the values that are not None, rounded to four places; None if there are none."""
    numbers = [float(v) for v in values if v is not None]
    return round(float(np.mean(numbers)), 4) if numbers else None
