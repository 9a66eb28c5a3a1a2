"""The part of a picture that is edited, and the context around it that the model sees.

Standard library only, Python 3.10.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.api.errors import RequestError

CONTEXT = 0.25
"""Context that the model sees around the selection, as a share of the selection's longer side."""
MIN_CONTEXT = 32
"""Minimum context around the selection, in pixels."""


@dataclass(frozen=True)
class Selection:
    """The part of a picture that an edit may change, in pixels. The model also sees some context around it."""

    x: int
    y: int
    width: int
    height: int

    def __post_init__(self) -> None:
        valid = min(self.x, self.y) >= 0 and min(self.width, self.height) >= 1 and max(self.x, self.y) < 1_000_000
        if not (valid and max(self.width, self.height) <= 1_000_000):
            raise RequestError(
                "selection_wrong", "The selection is not a valid rectangle.", "Select a part of the picture."
            )

    @property
    def rectangle(self) -> tuple[int, int, int, int]:
        """(left, top, right, bottom); right and bottom are the first pixels outside."""
        return self.x, self.y, self.x + self.width, self.y + self.height

    def seen_in(self, width: int, height: int) -> tuple[int, int, int, int]:
        """The part of a width × height picture that the model sees: (left, top, right, bottom), with the selection in
        it.

        Raises RequestError if the selection extends beyond the picture.
        """
        left, top, right, bottom = self.rectangle
        if right > width or bottom > height:
            raise RequestError(
                "selection_outside",
                "The selection extends beyond the picture ({width}×{height} pixels).",
                "Select a part of the picture.",
                width=width,
                height=height,
            )
        margin = max(MIN_CONTEXT, round(CONTEXT * max(self.width, self.height)))
        return max(0, left - margin), max(0, top - margin), min(width, right + margin), min(height, bottom + margin)
