"""The part of a picture that is edited, and what the model sees around it. Standard library only, Python 3.10."""

from __future__ import annotations

from dataclasses import dataclass

from engine.api.errors import RequestError

CONTEXT = 0.25
"""Of the selection's longer side, how much of the picture around it the model sees."""
MIN_CONTEXT = 32
"""Pixels around the selection that the model sees at least."""


@dataclass(frozen=True)
class Selection:
    """The part of a picture that an edit may change, in pixels; the model sees some of what surrounds it."""

    x: int
    y: int
    width: int
    height: int

    def __post_init__(self) -> None:
        holds = min(self.x, self.y) >= 0 and min(self.width, self.height) >= 1 and max(self.x, self.y) < 1_000_000
        if not (holds and max(self.width, self.height) <= 1_000_000):
            raise RequestError(
                "selection_wrong", "The selection is not a valid rectangle.", "Select a part of the picture."
            )

    @property
    def rectangle(self) -> tuple[int, int, int, int]:
        """(left, top, right, bottom); right and bottom are the first pixels outside."""
        return self.x, self.y, self.x + self.width, self.y + self.height

    def seen_in(self, width: int, height: int) -> tuple[int, int, int, int]:
        """What the model sees of a width × height picture: (left, top, right, bottom), the selection in it.

        Raises RequestError where the selection reaches beyond the picture.
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
