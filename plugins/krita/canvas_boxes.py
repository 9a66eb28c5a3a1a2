"""The boxes on Krita's canvas, which can be dragged there. Inside a box, the pointer stays with Krita's tools."""

from __future__ import annotations

from collections.abc import Callable

from engine.api.chain import Box, Chain, Region
from plugins.common.geometry import HANDLE, Frame, Handle, dragged
from plugins.krita import boxes
from plugins.krita.preview import CURSORS
from plugins.krita.qt import Qt, QtCore, QtGui, QtWidgets

_BAND = 5
"""How far from a box's line it can still be gripped, in screen pixels."""


class CanvasBoxes(QtWidgets.QWidget):
    """A child of the canvas that consists only of the boxes' lines, numbers and handles (its mask).

    There it takes the left button, and everything else goes on to Krita: wheel, other buttons, and all that happens
    inside of a box.
    """

    def __init__(
        self, canvas: QtWidgets.QWidget, on_select: Callable[[int], None], on_chain: Callable[[Chain], None]
    ) -> None:
        super().__init__(canvas)
        self.setObjectName("got_overlay")
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setMouseTracking(True)
        self._on_select, self._on_chain = on_select, on_chain
        self._state: tuple = ()
        self._grip: tuple[int, Handle, Box, QtCore.QPointF] | None = None

    def show_boxes(self, chain: Chain, frame: Frame, selected: int | None) -> None:
        self.setGeometry(self.parentWidget().rect())
        state = (chain.text, frame, selected)
        if state != self._state:
            self._state, self._chain, self._frame, self._selected = state, chain, frame, selected
            mask = QtGui.QRegion()
            for region in chain.boxes:
                mask = mask.united(self._place(region))
            self.setMask(mask)
            self.update()
        self.show()
        self.raise_()

    def _place(self, region: Region) -> QtGui.QRegion:
        """Where a box can be gripped: its line, its number and, if it is chosen, its handles."""
        rectangle, is_selected = QtCore.QRectF(*self._frame.to_screen(region.box)), region.id == self._selected
        outer = QtGui.QRegion(rectangle.adjusted(-_BAND, -_BAND, _BAND, _BAND).toAlignedRect())
        place = outer.subtracted(QtGui.QRegion(rectangle.adjusted(_BAND, _BAND, -_BAND, -_BAND).toAlignedRect()))
        place = place.united(QtGui.QRegion(boxes.badge_place(rectangle, region.id, is_selected).toAlignedRect()))
        for x, y in self._frame.handles(region.box).values() if is_selected else ():
            handle = QtCore.QRectF(x - HANDLE / 2, y - HANDLE / 2, HANDLE, HANDLE).toAlignedRect()
            place = place.united(QtGui.QRegion(handle))
        return place

    def _hit(self, at: QtCore.QPointF) -> tuple[int, Handle] | None:
        """(region id, handle): the chosen box comes first, then the smallest."""
        hit = self._frame.hit(at.x(), at.y(), self._chain.boxes, self._selected)
        if hit and hit[1] != "body":
            return hit
        for region in sorted(self._chain.boxes, key=lambda one: (one.id != self._selected, one.box.area)):
            if self._place(region).contains(at.toPoint()):
                return region.id, "body"
        return None

    # Qt calls these

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:  # noqa: N802
        boxes.draw(QtGui.QPainter(self), self._chain, self._frame, self._selected, handles=True)

    def mousePressEvent(self, event: QtGui.QMouseEvent) -> None:  # noqa: N802
        event.setAccepted(event.button() == Qt.MouseButton.LeftButton and self._press(_at(event)))

    def mouseMoveEvent(self, event: QtGui.QMouseEvent) -> None:  # noqa: N802
        event.setAccepted(self._move(_at(event)))

    def mouseReleaseEvent(self, event: QtGui.QMouseEvent) -> None:  # noqa: N802
        event.setAccepted(self._grip is not None)
        self._grip = None

    def tabletEvent(self, event: QtGui.QTabletEvent) -> None:  # noqa: N802
        """A pen does the same. What is not accepted here reaches the canvas, and Krita would paint."""
        kind, types = event.type(), QtCore.QEvent.Type
        if kind == types.TabletPress:
            event.setAccepted(event.button() == Qt.MouseButton.LeftButton and self._press(_at(event)))
        elif kind == types.TabletMove:
            event.setAccepted(self._move(_at(event)))
        else:
            event.setAccepted(self._grip is not None)
            self._grip = None

    def _press(self, at: QtCore.QPointF) -> bool:
        hit = self._hit(at)
        if hit is None:
            return False
        self._grip = (hit[0], hit[1], self._chain.boxes[hit[0]].box, at)
        self._on_select(hit[0])
        return True

    def _move(self, at: QtCore.QPointF) -> bool:
        if self._grip is None:
            hit = self._hit(at)
            self.setCursor(CURSORS[hit[1]] if hit else Qt.CursorShape.ArrowCursor)
            return False
        id, handle, box, since = self._grip
        if id >= len(self._chain.boxes):  # the plan was replaced meanwhile
            self._grip = None
            return True
        way = self._frame.units(at.x() - since.x(), at.y() - since.y())
        self._on_chain(self._chain.resize(id, dragged(box, handle, *way, self._frame.least)))
        return True


def _at(event: QtGui.QMouseEvent | QtGui.QTabletEvent) -> QtCore.QPointF:
    if hasattr(event, "position"):  # PyQt6
        return event.position()
    return event.posF() if hasattr(event, "posF") else QtCore.QPointF(event.localPos())
