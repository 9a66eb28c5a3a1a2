"""Geometry of boxes on a preview: where they are shown, what the pointer hits and what a drag changes. No widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.api.chain import LIMIT, Box, Region
from engine.api.protocol import Selection

Area = tuple[int, int, int, int]
"""x, y, width, height in pixels of a document."""
Handle = Literal["nw", "n", "ne", "e", "se", "s", "sw", "w", "body"]

HANDLE = 10.0
"""Side of a handle in screen pixels."""
LEAST = 8
"""Minimum side of a box in document pixels."""


def neighborhood(selection: Area, width: int, height: int) -> Area:
    """The part of a width × height document that the model sees when a selection is edited."""
    left, top, right, bottom = Selection(*selection).seen_in(width, height)
    return left, top, right - left, bottom - top


def clipped(area: Area, width: int, height: int) -> Area | None:
    """The part of an area that is inside the document, or None."""
    left, top = max(0, area[0]), max(0, area[1])
    right, bottom = min(width, area[0] + area[2]), min(height, area[1] + area[3])
    return (left, top, right - left, bottom - top) if right > left and bottom > top else None


@dataclass(frozen=True)
class Frame:
    """How a picture of width × height pixels is shown: scaled by `scale`, its corner at (left, top) on the screen."""

    width: int
    height: int
    scale: float
    left: float = 0.0
    top: float = 0.0

    @classmethod
    def fitted(cls, width: int, height: int, room_width: float, room_height: float) -> Frame:
        """A frame that shows the whole picture, centered in the available room."""
        scale = min(room_width / width, room_height / height)
        return cls(width, height, scale, (room_width - width * scale) / 2, (room_height - height * scale) / 2)

    def to_screen(self, box: Box) -> tuple[float, float, float, float]:
        """left, top, width, height of a box on the screen; the box includes its lower right pixels."""
        x1, y1, x2, y2 = box.pixels(self.width, self.height)
        scale = self.scale
        return self.left + x1 * scale, self.top + y1 * scale, (x2 + 1 - x1) * scale, (y2 + 1 - y1) * scale

    def units(self, dx: float, dy: float) -> tuple[int, int]:
        """Converts a distance on the screen to the chain's units."""
        return round(dx * LIMIT / (self.width * self.scale)), round(dy * LIMIT / (self.height * self.scale))

    def point(self, x: float, y: float) -> tuple[int, int]:
        """Converts a point on the screen to the chain's units, clamped to the picture."""
        at = self.units(x - self.left, y - self.top)
        return min(max(0, at[0]), LIMIT), min(max(0, at[1]), LIMIT)

    @property
    def least(self) -> tuple[int, int]:
        """Minimum sides of a box in the chain's units, rounded up."""
        return -(-LEAST * LIMIT // self.width), -(-LEAST * LIMIT // self.height)

    def hit(self, x: float, y: float, regions: Sequence[Region], selected: int | None) -> tuple[int, Handle] | None:
        """(region id, handle) at a point on the screen. The selected region comes first, then the smallest."""
        order = sorted(regions, key=lambda region: (region.id != selected, region.box.area, not region.is_mask))
        for region in order:
            handle = self._handle_at(x, y, region.box) if region.id == selected else None
            if handle:
                return region.id, handle
        for region in order:
            left, top, wide, high = self.to_screen(region.box)
            if left <= x <= left + wide and top <= y <= top + high:
                return region.id, "body"
        return None

    def handles(self, box: Box) -> dict[Handle, tuple[float, float]]:
        """Centers of the eight handles on the screen."""
        left, top, wide, high = self.to_screen(box)
        xs, ys = {"w": left, "": left + wide / 2, "e": left + wide}, {"n": top, "": top + high / 2, "s": top + high}
        return {(v + h): (xs[h], ys[v]) for v in ys for h in xs if v + h}  # type: ignore[misc]

    def _handle_at(self, x: float, y: float, box: Box) -> Handle | None:
        for name, (at_x, at_y) in self.handles(box).items():
            if abs(x - at_x) <= HANDLE / 2 and abs(y - at_y) <= HANDLE / 2:
                return name
        return None


def dragged(box: Box, handle: Handle, dx: int, dy: int, least: tuple[int, int] = (8, 8)) -> Box:
    """The box after its handle moved by (dx, dy) units. It stays in the picture, and no side is below `least` units."""
    if handle == "body":
        return box.moved(dx, dy)
    x1, y1, x2, y2 = box.x1, box.y1, box.x2, box.y2
    wide, high = min(least[0], LIMIT), min(least[1], LIMIT)
    if "w" in handle:
        x1 = min(max(0, x1 + dx), max(0, x2 - wide))
    if "e" in handle:
        x2 = max(min(LIMIT, x2 + dx), min(LIMIT, x1 + wide))
    if "n" in handle:
        y1 = min(max(0, y1 + dy), max(0, y2 - high))
    if "s" in handle:
        y2 = max(min(LIMIT, y2 + dy), min(LIMIT, y1 + high))
    return Box(x1, y1, x2, y2)
