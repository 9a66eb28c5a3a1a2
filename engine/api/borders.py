"""How far an edit reaches beyond its boxes: the grown, feathered border of the mask. Standard library only."""

from __future__ import annotations

import math

_LEAST_DIAGONAL = 80.0
"""Pixels; smaller boxes are feathered as if they had this diagonal, which is 8 px by default."""


def feather_width(width: int, height: int, feather: float) -> float:
    """The width in pixels in which the mask of a box fades out; `feather` is a share of its diagonal."""
    return max(1.0, feather * max(_LEAST_DIAGONAL, math.hypot(width, height)))  # a border is one pixel wide at least


def reach(width: int, height: int, feather: float, grow: float) -> int:
    """How many pixels beyond a box of this size its mask ends."""
    return math.ceil(grow + feather_width(width, height, feather))
