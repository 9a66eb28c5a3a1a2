"""Geometry of the canvas: view, boxes, handles, dragging and snapping. Pure functions without widgets or state."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.api.chain import LIMIT, Box
from engine.api.protocol import Selection

HANDLE = 12.0
"""Side of a handle, in screen pixels."""
MIN_BOX = 8.0
"""Side of the smallest box, in picture pixels."""
MIN_SCALE, MAX_SCALE = 0.01, 64.0
_ALMOST = 0.9
"""Share of the largest possible size that is enough for pictures side by side if it takes fewer rows."""
Handle = Literal["nw", "n", "ne", "e", "se", "s", "sw", "w"]
HANDLES: tuple[Handle, ...] = ("nw", "n", "ne", "e", "se", "s", "sw", "w")
Size = tuple[float, float]
Point = tuple[float, float]


@dataclass(frozen=True)
class Rect:
    """A rectangle; its right and bottom edges are where the next pixel begins."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def center(self) -> Point:
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def holds(self, point: Point, margin: float = 0.0) -> bool:
        return (
            self.left - margin <= point[0] <= self.right + margin
            and self.top - margin <= point[1] <= self.bottom + margin
        )

    def moved(self, dx: float, dy: float) -> Rect:
        return Rect(self.left + dx, self.top + dy, self.right + dx, self.bottom + dy)


@dataclass(frozen=True)
class View:
    """The picture's place on the canvas: screen = picture · scale + offset, in device-independent pixels."""

    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0

    def to_screen(self, point: Point) -> Point:
        return point[0] * self.scale + self.x, point[1] * self.scale + self.y

    def to_picture(self, point: Point) -> Point:
        return (point[0] - self.x) / self.scale, (point[1] - self.y) / self.scale

    def rect_to_screen(self, rect: Rect) -> Rect:
        return Rect(*self.to_screen((rect.left, rect.top)), *self.to_screen((rect.right, rect.bottom)))

    def zoomed(self, factor: float, at: Point) -> View:
        """Zooms; the point of the picture under `at` (in screen pixels) stays in place."""
        scale = min(MAX_SCALE, max(MIN_SCALE, self.scale * factor))
        x, y = self.to_picture(at)
        return View(scale, at[0] - x * scale, at[1] - y * scale)

    def panned(self, dx: float, dy: float) -> View:
        return View(self.scale, self.x + dx, self.y + dy)

    def kept_in(self, canvas: Size, picture: Size) -> View:
        """Keeps a part of the picture visible: at least a quarter of the canvas or of the picture."""
        return View(self.scale, *(self._limited(axis, canvas, picture) for axis in (0, 1)))

    def _limited(self, axis: int, canvas: Size, picture: Size) -> float:
        offset, length = (self.x, self.y)[axis], picture[axis] * self.scale
        visible = min(length, canvas[axis]) / 4
        return min(canvas[axis] - visible, max(visible - length, offset))


def fitted(canvas: Size, picture: Size, margin: float = 24.0) -> View:
    """The view that fits the whole picture in the middle of the canvas."""
    room = [max(1.0, side - 2 * margin) for side in canvas]
    scale = min(MAX_SCALE, max(MIN_SCALE, min(room[0] / picture[0], room[1] / picture[1])))
    return centered(canvas, picture, scale)


def centered(canvas: Size, picture: Size, scale: float) -> View:
    return View(scale, *((canvas[axis] - picture[axis] * scale) / 2 for axis in (0, 1)))


def side_by_side(canvas: Size, picture: Size, count: int, margin: float = 24.0, gap: float = 20.0) -> list[Rect]:
    """Places for `count` pictures of one size, as large as possible and in few rows.

    Rows start at the left; the last row may be shorter.
    """

    def scale_in(columns: int) -> float:
        rows = math.ceil(count / columns)
        room = [
            (side - 2 * margin - (parts - 1) * gap) / parts for side, parts in zip(canvas, (columns, rows), strict=True)
        ]
        return min(MAX_SCALE, max(MIN_SCALE, min(room[0] / picture[0], room[1] / picture[1])))

    best = max(map(scale_in, range(1, count + 1)))
    columns = max(columns for columns in range(1, count + 1) if scale_in(columns) >= _ALMOST * best)
    width, height = (side * scale_in(columns) for side in picture)
    left = (canvas[0] - columns * (width + gap) + gap) / 2
    top = (canvas[1] - math.ceil(count / columns) * (height + gap) + gap) / 2
    corners = [(left + n % columns * (width + gap), top + n // columns * (height + gap)) for n in range(count)]
    return [Rect(x, y, x + width, y + height) for x, y in corners]


# boxes


def rect_of(box: Box, picture: Size) -> Rect:
    """A chain's box in picture pixels."""
    (width, height) = (side / LIMIT for side in picture)
    return Rect(box.x1 * width, box.y1 * height, box.x2 * width, box.y2 * height)


def box_of(rect: Rect, picture: Size) -> Box:
    """The chain's box that is closest to a rectangle; inside the picture and never empty."""
    x1, x2 = _units(rect.left, rect.right, picture[0])
    y1, y2 = _units(rect.top, rect.bottom, picture[1])
    return Box(x1, y1, x2, y2)


def _units(start: float, end: float, length: float) -> tuple[int, int]:
    first = min(LIMIT - 1, max(0, round(start * LIMIT / length)))
    return first, min(LIMIT, max(first + 1, round(end * LIMIT / length)))


def spanned(start: Point, end: Point, picture: Size) -> Rect:
    """The rectangle between two points, inside the picture and at least `MIN_BOX` wide and high."""
    x1, x2 = _span(start[0], end[0], picture[0])
    y1, y2 = _span(start[1], end[1], picture[1])
    return Rect(x1, y1, x2, y2)


def _span(start: float, end: float, limit: float) -> tuple[float, float]:
    low, high = sorted(min(limit, max(0.0, value)) for value in (start, end))
    least = min(MIN_BOX, limit)
    if high - low >= least:
        return low, high
    low = min(low, limit - least)
    return low, low + least


# handles and hits


def handle_points(rect: Rect) -> dict[Handle, Point]:
    """The center of each handle."""
    (middle_x, middle_y), r = rect.center, rect
    return {
        "nw": (r.left, r.top),
        "n": (middle_x, r.top),
        "ne": (r.right, r.top),
        "e": (r.right, middle_y),
        "se": (r.right, r.bottom),
        "s": (middle_x, r.bottom),
        "sw": (r.left, r.bottom),
        "w": (r.left, middle_y),
    }


def handle_at(point: Point, rect: Rect, side: float = HANDLE) -> Handle | None:
    """The handle under a screen point: corners before edges, and the nearest first."""
    points = handle_points(rect)
    hits: list[Handle] = [
        name for name, middle in points.items() if max(abs(point[0] - middle[0]), abs(point[1] - middle[1])) <= side / 2
    ]
    return min(hits, key=lambda name: (len(name) == 1, math.dist(point, points[name]))) if hits else None


def hit(point: Point, rects: Sequence[Rect], margin: float = 3.0) -> int | None:
    """The index of the rectangle that gets a click: the smallest one under the point."""
    under = [index for index, rect in enumerate(rects) if rect.holds(point, margin)]
    return min(under, key=lambda index: rects[index].area) if under else None


# moving


def dragged(rect: Rect, handle: Handle | None, dx: float, dy: float, picture: Size) -> Rect:
    """The rectangle after dragging a handle or, with None, its body; it stays inside and keeps a minimum size."""
    limit = Rect(0, 0, *picture)
    if handle is None:
        dx = min(limit.right - rect.right, max(limit.left - rect.left, dx))
        dy = min(limit.bottom - rect.bottom, max(limit.top - rect.top, dy))
        return rect.moved(dx, dy)
    left, right = _stretched(rect.left, rect.right, dx, "w" in handle, "e" in handle, limit.right)
    top, bottom = _stretched(rect.top, rect.bottom, dy, "n" in handle, "s" in handle, limit.bottom)
    return Rect(left, top, right, bottom)


def _stretched(low: float, high: float, by: float, at_low: bool, at_high: bool, limit: float) -> tuple[float, float]:
    least = min(MIN_BOX, limit)
    if at_low:
        return max(0.0, min(low + by, high - least)), high
    if at_high:
        return low, min(limit, max(high + by, low + least))
    return low, high


def snapped(rect: Rect, handle: Handle | None, lines: tuple[Iterable[float], Iterable[float]], reach: float) -> Rect:
    """The rectangle with its moving edges snapped to a line within `reach`; `lines` are (x values, y values).

    All values are in picture pixels.
    """
    across, down = (sorted(set(values)) for values in lines)
    if handle is None:
        dx = _nearest((rect.left, rect.center[0], rect.right), across, reach)
        dy = _nearest((rect.top, rect.center[1], rect.bottom), down, reach)
        return rect.moved(dx, dy)
    left = rect.left + (_nearest((rect.left,), across, reach) if "w" in handle else 0)
    right = rect.right + (_nearest((rect.right,), across, reach) if "e" in handle else 0)
    top = rect.top + (_nearest((rect.top,), down, reach) if "n" in handle else 0)
    bottom = rect.bottom + (_nearest((rect.bottom,), down, reach) if "s" in handle else 0)
    return Rect(left, top, right, bottom)


def _nearest(edges: Sequence[float], lines: Sequence[float], reach: float) -> float:
    """The distance from the edges to the nearest line."""
    steps = [line - edge for edge in edges for line in lines if abs(line - edge) <= reach]
    return min(steps, key=abs) if steps else 0.0


def snap_lines(others: Iterable[Rect], picture: Size) -> tuple[list[float], list[float]]:
    """The lines that a box may snap to: edges and centers of the picture and of the other boxes."""
    whole = Rect(0, 0, *picture)
    rects = [whole, *others]
    across = [value for rect in rects for value in (rect.left, rect.center[0], rect.right)]
    down = [value for rect in rects for value in (rect.top, rect.center[1], rect.bottom)]
    return across, down


def nudged(box: Box, dx: int, dy: int, picture: Size) -> Box:
    """The box moved by picture pixels, but at least by one unit of the chain; it stops at the edges."""
    return box.moved(_steps(dx, picture[0]), _steps(dy, picture[1]))


def grown(box: Box, dx: int, dy: int, picture: Size) -> Box:
    """The box resized at its right and bottom edges by the same steps as in `nudged`."""
    right = box.x2 + _steps(dx, picture[0])
    bottom = box.y2 + _steps(dy, picture[1])
    least = [max(1, math.ceil(min(MIN_BOX, side) * LIMIT / side)) for side in picture]
    return Box(
        box.x1,
        box.y1,
        min(LIMIT, max(min(box.x2, box.x1 + least[0]), right)),
        min(LIMIT, max(min(box.y2, box.y1 + least[1]), bottom)),
    )


def _steps(pixels: int, side: float) -> int:
    units = round(abs(pixels) * LIMIT / side)
    return int(math.copysign(max(1, units), pixels)) if pixels else 0


# the area to edit


def rect_of_area(area: Selection) -> Rect:
    return Rect(area.x, area.y, area.x + area.width, area.y + area.height)


def area_of(rect: Rect) -> Selection:
    """The area of a rectangle, in whole pixels."""
    left, top = round(rect.left), round(rect.top)
    return Selection(left, top, round(rect.right) - left, round(rect.bottom) - top)


def area_between(start: Point, end: Point, picture: tuple[int, int]) -> Selection:
    """The area between two points, inside the picture and at least `MIN_BOX` wide and high."""
    x, width = _pixels(start[0], end[0], picture[0])
    y, height = _pixels(start[1], end[1], picture[1])
    return Selection(x, y, width, height)


def _pixels(start: float, end: float, limit: int) -> tuple[int, int]:
    """(first pixel, number of pixels)"""
    low, high = sorted(min(limit, max(0, round(value))) for value in (start, end))
    least = min(int(MIN_BOX), limit)
    low = min(low, limit - least)
    return low, max(least, high - low)


def area_moved(area: Selection, dx: int, dy: int, resize: bool, picture: tuple[int, int]) -> Selection:
    """The area moved by some pixels, or resized at its right and bottom edges; it stays inside the picture."""
    if not resize:
        x = min(picture[0] - area.width, max(0, area.x + dx))
        y = min(picture[1] - area.height, max(0, area.y + dy))
        return Selection(x, y, area.width, area.height)
    least = (min(int(MIN_BOX), area.width), min(int(MIN_BOX), area.height))
    width = min(picture[0] - area.x, max(least[0], area.width + dx))
    height = min(picture[1] - area.y, max(least[1], area.height + dy))
    return Selection(area.x, area.y, width, height)
