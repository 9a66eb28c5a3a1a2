"""Finds the edit regions of a pair as boxes (paper sec. 4.1), robust to JPEG noise and small shifts."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from engine.api.chain import LIMIT, Box
from training.measures import lab

_SIDE = 256
"""Longer side, in pixels, at which pictures are compared; finer detail is noise."""
_BLUR = 1.5
_LEAST = 9.0
"""Smallest CIELAB distance that counts as a change; after the blur, JPEG at quality 50 stays below it."""
_CELL = 4
_MOST_SHIFT = 0.06
"""Largest shift between before and after that is corrected, as a share of the side."""
_WHOLE = 0.6
"""If more than this share of the picture changed, the edit concerns the whole picture and has no box."""
_SMALLEST = 0.001
_EDGE = 0.4
"""Share of a region's median difference at which its edge lies.

0.5 would fit a uniform change, but objects have paler rims.
"""
_RESIDUE = 0.04
"""Regions smaller than this share of the largest one are registration residue."""
_NEAR = 3
"""Cells up to this distance apart belong to the same region."""
MOST_REGIONS = 3


def edit_regions(source: Image.Image, target: Image.Image) -> list[Box] | None:
    """Returns the boxes of the changed regions, largest first.

    The list is empty if the whole picture changed; the result is None if nothing did. Both pictures must be RGB and of
    the same size.
    """
    scale = _SIDE / max(source.size)
    size = (max(_CELL, round(source.width * scale)), max(_CELL, round(source.height * scale)))
    before, after = (_small(image, size) for image in (source, target))
    far = _distance(before, *_register(before, after))
    cells = _cells(far)
    if cells.mean() > _WHOLE:
        return []
    parts = sorted(_components(cells), key=len, reverse=True)
    least = max(_SMALLEST * size[0] * size[1] / _CELL**2, _RESIDUE * len(parts[0]) if parts else 0)
    return [_box(part, far) for part in parts if len(part) >= least][:MOST_REGIONS] or None


def _small(image: Image.Image, size: tuple[int, int]) -> np.ndarray:
    """Returns the scaled and blurred picture in CIELAB, float32 (H, W, 3)."""
    small = image.resize(size, Image.Resampling.BOX if image.width >= size[0] else Image.Resampling.BICUBIC)
    return lab(np.asarray(small.filter(ImageFilter.GaussianBlur(_BLUR))))


def _register(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns (`after` aligned with `before`, bool mask (H, W) of where they overlap).

    Phase correlation of the lightness finds a shift of whole pixels.
    """
    height, width = before.shape[:2]
    window = np.outer(np.hanning(height), np.hanning(width))
    spectra = [np.fft.rfft2((x[..., 0] - x[..., 0].mean()) * window) for x in (before, after)]
    cross = spectra[0] * spectra[1].conj()
    peak = np.fft.irfft2(cross / (np.abs(cross) + 1e-6), (height, width))
    dy, dx = (
        int((i + n // 2) % n - n // 2)
        for i, n in zip(np.unravel_index(peak.argmax(), peak.shape), peak.shape, strict=True)
    )
    overlap = np.ones((height, width), bool)
    if (dy, dx) == (0, 0) or abs(dy) > _MOST_SHIFT * height or abs(dx) > _MOST_SHIFT * width:
        return after, overlap
    result = np.roll(after, (dy, dx), (0, 1))
    overlap[: max(dy, 0)] = overlap[height + min(dy, 0) :] = False
    overlap[:, : max(dx, 0)] = overlap[:, width + min(dx, 0) :] = False
    # an edit may look like a shift; a real shift makes most of the picture match better
    better = np.median(np.abs(before - result)[overlap]) < 0.8 * np.median(np.abs(before - after))
    return (result, overlap) if better else (after, np.ones_like(overlap))


def _distance(before: np.ndarray, after: np.ndarray, overlap: np.ndarray) -> np.ndarray:
    """Returns the CIELAB distance (H, W) of the pictures; 0 where it is no more than noise or they do not overlap."""
    # compare with the most similar neighboring pixel: pictures are rarely aligned to less than a pixel
    shifts = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    far = np.min([np.linalg.norm(np.roll(before, shift, (0, 1)) - after, axis=-1) for shift in shifts], axis=0)
    noise = np.median(far[overlap])
    spread = np.median(np.abs(far[overlap] - noise))
    return np.where(overlap & (far > min(max(_LEAST, 6 * spread), 2 * _LEAST)), far, 0)


def _cells(far: np.ndarray) -> np.ndarray:
    """Returns a bool array of the cells (_CELL x _CELL pixels) in which at least a quarter of the pixels changed."""
    height, width = (n // _CELL * _CELL for n in far.shape)
    cells = (far[:height, :width] > 0).reshape(height // _CELL, _CELL, width // _CELL, _CELL)
    return cells.mean((1, 3)) >= 0.25


def _components(cells: np.ndarray) -> list[np.ndarray]:
    """Returns the groups of changed cells, each (n, 2) with row and column; cells up to _NEAR apart form one group."""
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
    """Returns the bounding box of the group's pixels whose difference is at least _EDGE times its median."""
    height, width = far.shape
    top, left = part.min(0) * _CELL
    bottom, right = (part.max(0) + 1) * _CELL
    patch = far[top:bottom, left:right]
    rows, columns = np.nonzero(patch >= _EDGE * np.median(patch[patch > 0]))
    x1, x2 = (round(int(v) * LIMIT / width) for v in (left + columns.min(), left + columns.max() + 1))
    y1, y2 = (round(int(v) * LIMIT / height) for v in (top + rows.min(), top + rows.max() + 1))
    return Box(x1, y1, x2, y2)
