"""Mouse control of the canvas: moves the picture and its boxes, draws boxes and the area to edit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent

from got_desktop.ui import geometry
from got_desktop.ui.geometry import Handle, Point, Rect, View

if TYPE_CHECKING:
    from got_desktop.ui.canvas import Canvas

_SNAP = 6.0
"""Distance in screen pixels within which an edge snaps to a line."""
_CLICK = 4.0
"""Distance in screen pixels within which a press and a release are a click that moves nothing."""
_CURSORS = {
    "nw": Qt.CursorShape.SizeFDiagCursor,
    "se": Qt.CursorShape.SizeFDiagCursor,
    "ne": Qt.CursorShape.SizeBDiagCursor,
    "sw": Qt.CursorShape.SizeBDiagCursor,
    "n": Qt.CursorShape.SizeVerCursor,
    "s": Qt.CursorShape.SizeVerCursor,
    "e": Qt.CursorShape.SizeHorCursor,
    "w": Qt.CursorShape.SizeHorCursor,
}


@dataclass(frozen=True)
class Drag:
    """A drag in progress: `kind` is "pan", "move", "draw", "select" or "slide"; points are in screen pixels."""

    kind: str
    start: Point
    view: View
    index: int = -1
    handle: Handle | None = None
    rect: Rect | None = None
    """The box at the start of the drag, in pixels of the frame; None: it is locked."""
    clicked: int | None = None
    """The box that is selected if nothing is dragged."""


class Mouse:
    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.session, self.review = canvas.session, canvas.session.review
        self.drag: Drag | None = None
        self.live: tuple[int, Rect] | None = None
        """The box that is being moved or drawn (index -1), in pixels of the frame."""
        self.area: Rect | None = None
        """The area that is being drawn, in picture pixels."""

    def press(self, event: QMouseEvent) -> None:
        canvas, at = self.canvas, point(event.position())
        if canvas.picture is None:
            return
        if (event.button() == Qt.MouseButton.MiddleButton or canvas.space) and not canvas.side_by_side:
            self.drag = Drag("pan", at, canvas.view)
            canvas.setCursor(Qt.CursorShape.ClosedHandCursor)
        elif event.button() == Qt.MouseButton.LeftButton:
            self._press(at)

    def _press(self, at: Point) -> None:
        canvas = self.canvas
        if canvas.side_by_side:
            under = canvas.sides.at(at)
            if under is not None:
                canvas.side_chosen.emit(under)
        elif canvas.sliding:
            self.drag = Drag("slide", at, canvas.view)
            canvas.slide(at[0] / canvas.width())
        elif canvas.tool != "point":
            self.drag = Drag(canvas.tool, at, canvas.view)
        elif canvas.editable:
            self._press_box(at)

    def _press_box(self, at: Point) -> None:
        """A drag inside the selected box moves that one, even where a smaller one lies on it; a click selects that."""
        under, handle = self._under(at)
        index = under if handle or not self._in_selected(at) else self.review.selected
        self.review.select(index)
        if index is None:
            return
        rect = geometry.rect_of(self.review.plan.chain.boxes[index].box, self.canvas.frame_size)
        locked = self.review.plan.marks[index].locked
        self.drag = Drag("move", at, self.canvas.view, index, handle, None if locked else rect, under)

    def _in_selected(self, at: Point) -> bool:
        return any(box.selected and box.rect.holds(at) for box in self.canvas.shown_boxes())

    def _under(self, at: Point) -> tuple[int | None, Handle | None]:
        """(the box, its handle) under a point: first the selected box's handles, then the smallest box."""
        # among boxes of equal size, the selected one gets the click, then the edit region
        boxes = sorted(self.canvas.shown_boxes(), key=lambda box: (not box.selected, not box.region.is_mask))
        for box in boxes:
            handle = geometry.handle_at(at, box.rect) if box.selected and not box.mark.locked else None
            if handle:
                return box.region.id, handle
        index = geometry.hit(at, [box.rect for box in boxes])
        return (None, None) if index is None else (boxes[index].region.id, None)

    def move(self, event: QMouseEvent) -> None:
        at = point(event.position())
        if self.drag is None:
            self.hover(at)
        elif self.canvas.size_of_picture is not None:
            free = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
            self._pull(self.drag, at, free)
            self.canvas.update()

    def hover(self, at: Point) -> None:
        """Sets the cursor to show what a click would do."""
        canvas = self.canvas
        if canvas.tool != "point":
            return
        index, handle = self._under(at) if canvas.editable else (None, None)
        if canvas.space:
            shape = Qt.CursorShape.OpenHandCursor
        elif canvas.side_by_side:
            shape = Qt.CursorShape.ArrowCursor if canvas.sides.at(at) is None else Qt.CursorShape.PointingHandCursor
        elif canvas.sliding:
            shape = Qt.CursorShape.SplitHCursor
        elif handle:
            shape = _CURSORS[handle]
        else:
            shape = Qt.CursorShape.SizeAllCursor if index is not None else Qt.CursorShape.ArrowCursor
        canvas.setCursor(shape)

    def _pull(self, drag: Drag, at: Point, free: bool) -> None:
        canvas, frame, size = self.canvas, self.canvas.box_view, self.canvas.frame_size
        if drag.kind == "pan":
            canvas.look(drag.view.panned(at[0] - drag.start[0], at[1] - drag.start[1]))
        elif drag.kind == "slide":
            canvas.slide(at[0] / canvas.width())
        elif drag.kind == "draw":
            self.live = (-1, geometry.spanned(frame.to_picture(drag.start), frame.to_picture(at), size))
        elif drag.kind == "select":
            ends = (canvas.view.to_picture(drag.start), canvas.view.to_picture(at))
            self.area = geometry.rect_of_area(geometry.area_between(*ends, self.session.document.state.size))
        elif drag.rect is not None and (self.live or math.dist(at, drag.start) >= _CLICK):
            by = ((at[0] - drag.start[0]) / frame.scale, (at[1] - drag.start[1]) / frame.scale)
            rect = geometry.dragged(drag.rect, drag.handle, *by, size)
            if self.session.preferences.settings.snap and not free:
                rect = self._snap(rect, drag)
            self.live = (drag.index, rect)

    def _snap(self, rect: Rect, drag: Drag) -> Rect:
        size = self.canvas.frame_size
        others = [
            geometry.rect_of(region.box, size)
            for index, region, mark in self.review.plan.boxes(self.review.turn)
            if index != drag.index and not mark.hidden
        ]
        reach = _SNAP / self.canvas.view.scale
        rect = geometry.snapped(rect, drag.handle, geometry.snap_lines(others, size), reach)
        return geometry.dragged(rect, drag.handle, 0, 0, size)

    def release(self) -> None:
        canvas, drag, live, area = self.canvas, self.drag, self.live, self.area
        self.forget()
        canvas.show_tool()
        if drag is None or not canvas.editable:
            pass
        elif area is not None:
            canvas.use_tool("point")
            self.review.choose_area(geometry.area_of(area))
        elif live is not None and drag.kind == "draw":
            canvas.add(geometry.box_of(live[1], canvas.frame_size))
        elif drag.kind == "move" and live is None:
            self.review.select(drag.clicked)
        elif live is not None and drag.index < len(self.review.plan.marks):
            self.review.resize_box(drag.index, geometry.box_of(live[1], canvas.frame_size))
        canvas.update()

    def forget(self) -> None:
        """Discards the current drag."""
        self.drag = self.live = self.area = None

    def double_click(self, event: QMouseEvent) -> None:
        canvas = self.canvas
        if canvas.side_by_side:
            under = canvas.sides.at(point(event.position()))
            if under is not None:
                canvas.side_opened.emit(under)
            return
        index, _ = self._under(point(event.position())) if canvas.editable else (None, None)
        if index is not None:
            self.forget()
            self.review.select(index)
            canvas.relabel()


def point(at: QPointF) -> Point:
    return at.x(), at.y()
