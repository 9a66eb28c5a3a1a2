"""Where a pair of pictures differs: edit regions as boxes (paper sec. 4.1), robust to JPEG noise and small shifts."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from engine.api.chain import LIMIT, Box
from training.measures import lab

_SIDE = 256
"""Longer side at which pictures are compared; finer detail is noise."""
_BLUR = 1.5
_LEAST = 9.0
"""Distance in CIELAB that counts as a change: JPEG at quality 50 stays below it, once blurred."""
_CELL = 4
_MOST_SHIFT = 0.06
"""How far before and after may lie apart, as a share of the side."""
_WHOLE = 0.6
"""A change of more than this share of the picture has no box: it is the whole picture's."""
_SMALLEST = 0.001
_EDGE = 0.4
"""Half would be the edge of an evenly changed place; things have paler rims."""
_BESIDE = 0.04
"""A part that is smaller than this share of the largest is what registration left over."""
_NEAR = 3
"""Cells between two parts that still belong together."""
MOST_REGIONS = 3


def edit_regions(source: Image.Image, target: Image.Image) -> list[Box] | None:
    """Boxes of what changed, largest first; empty where the whole picture did, None where nothing did.

    Both pictures RGB and of one size.
    """
    scale = _SIDE / max(source.size)
    size = (max(_CELL, round(source.width * scale)), max(_CELL, round(source.height * scale)))
    before, after = (_small(image, size) for image in (source, target))
    far = _distance(before, *_registered(before, after))
    changed = _cells(far)
    if changed.mean() > _WHOLE:
        return []
    parts = sorted(_components(changed), key=len, reverse=True)
    least = max(_SMALLEST * size[0] * size[1] / _CELL**2, _BESIDE * len(parts[0]) if parts else 0)
    return [_box(part, far) for part in parts if len(part) >= least][:MOST_REGIONS] or None


def _small(image: Image.Image, size: tuple[int, int]) -> np.ndarray:
    """float32 (H, W, 3), CIELAB."""
    small = image.resize(size, Image.Resampling.BOX if image.width >= size[0] else Image.Resampling.BICUBIC)
    return lab(np.asarray(small.filter(ImageFilter.GaussianBlur(_BLUR))))


def _registered(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(after laid over before, where it covers it): a shift of whole pixels, by phase correlation of lightness."""
    height, width = before.shape[:2]
    window = np.outer(np.hanning(height), np.hanning(width))
    spectra = [np.fft.rfft2((x[..., 0] - x[..., 0].mean()) * window) for x in (before, after)]
    cross = spectra[0] * spectra[1].conj()
    peak = np.fft.irfft2(cross / (np.abs(cross) + 1e-6), (height, width))
    dy, dx = (
        int((i + n // 2) % n - n // 2)
        for i, n in zip(np.unravel_index(peak.argmax(), peak.shape), peak.shape, strict=True)
    )
    covered = np.ones((height, width), bool)
    if (dy, dx) == (0, 0) or abs(dy) > _MOST_SHIFT * height or abs(dx) > _MOST_SHIFT * width:
        return after, covered
    shifted = np.roll(after, (dy, dx), (0, 1))
    covered[: max(dy, 0)] = covered[height + min(dy, 0) :] = False
    covered[:, : max(dx, 0)] = covered[:, width + min(dx, 0) :] = False
    # an edit may look like a shift: it is one only if most of the picture agrees better
    better = np.median(np.abs(before - shifted)[covered]) < 0.8 * np.median(np.abs(before - after))
    return (shifted, covered) if better else (after, np.ones_like(covered))


def _distance(before: np.ndarray, after: np.ndarray, covered: np.ndarray) -> np.ndarray:
    """(H, W): how far the pictures lie apart beyond what they do everywhere, zero where they do not overlap."""
    # the nearest of neighboring pixels: pictures are rarely registered to less than one
    shifts = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    far = np.min([np.linalg.norm(np.roll(before, shift, (0, 1)) - after, axis=-1) for shift in shifts], axis=0)
    noise = np.median(far[covered])
    spread = np.median(np.abs(far[covered] - noise))
    return np.where(covered & (far > min(max(_LEAST, 6 * spread), 2 * _LEAST)), far, 0)


def _cells(far: np.ndarray) -> np.ndarray:
    """Cells of _CELL pixels, at least a quarter of which changed; bool."""
    height, width = (n // _CELL * _CELL for n in far.shape)
    cells = (far[:height, :width] > 0).reshape(height // _CELL, _CELL, width // _CELL, _CELL)
    return cells.mean((1, 3)) >= 0.25


def _components(cells: np.ndarray) -> list[np.ndarray]:
    """Groups of changed cells, (n, 2) rows and columns each; cells up to _NEAR apart belong together."""
    left = {(int(y), int(x)) for y, x in np.argwhere(cells)}
    groups = []
    while left:
        border, group = [left.pop()], []
        while border:
            y, x = border.pop()
            group.append((y, x))
            near = [p for p in left if abs(p[0] - y) <= _NEAR and abs(p[1] - x) <= _NEAR]
            left.difference_update(near)
            border += near
        groups.append(np.array(group))
    return groups


def _box(part: np.ndarray, far: np.ndarray) -> Box:
    """The bounds of a group: where the blurred difference falls below _EDGE of what it is inside."""
    height, width = far.shape
    top, left = part.min(0) * _CELL
    bottom, right = (part.max(0) + 1) * _CELL
    there = far[top:bottom, left:right]
    rows, columns = np.nonzero(there >= _EDGE * np.median(there[there > 0]))
    x1, x2 = (round(int(v) * LIMIT / width) for v in (left + columns.min(), left + columns.max() + 1))
    y1, y2 = (round(int(v) * LIMIT / height) for v in (top + rows.min(), top + rows.max() + 1))
    return Box(x1, y1, x2, y2)
