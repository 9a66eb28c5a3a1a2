"""The docker's preview of the canvas, in which boxes can be moved, resized, added and deleted."""

from __future__ import annotations

from engine.api.chain import Box, Chain
from engine.api.language import translate
from plugins.common.geometry import Frame, Handle, dragged
from plugins.krita import boxes
from plugins.krita.qt import Qt, QtCore, QtGui, QtWidgets, Signal

CURSORS = {
    "nw": Qt.CursorShape.SizeFDiagCursor,
    "se": Qt.CursorShape.SizeFDiagCursor,
    "ne": Qt.CursorShape.SizeBDiagCursor,
    "sw": Qt.CursorShape.SizeBDiagCursor,
    "n": Qt.CursorShape.SizeVerCursor,
    "s": Qt.CursorShape.SizeVerCursor,
    "e": Qt.CursorShape.SizeHorCursor,
    "w": Qt.CursorShape.SizeHorCursor,
    "body": Qt.CursorShape.SizeAllCursor,
}
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}

_LEAST = 120
"""Minimum height in pixels."""


class Preview(QtWidgets.QWidget):
    """Shows a picture with the chain's boxes. A drag outside all boxes adds a new one."""

    chain_changed = Signal(object)
    """The chain after a drag or a key."""
    selected_changed = Signal(object)
    """The id of the selected box, or None."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumHeight(_LEAST)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName(translate("Preview with boxes"))
        self.setToolTip(
            translate(
                "Drag a box or its handles. Drag elsewhere to add a box. Arrows move, Ctrl+arrows resize, Del deletes."
            )
        )
        self._picture: QtGui.QImage | None = None
        self._chain = Chain("")
        self._selected: int | None = None
        self._grip: tuple[Handle, Box, QtCore.QPointF] | None = None
        self._drag_start: QtCore.QPointF | None = None
        self._drag_end: QtCore.QPointF | None = None

    def show_picture(self, picture: QtGui.QImage | None) -> None:
        self._picture = picture
        self.update()

    def show_chain(self, chain: Chain, selected: int | None) -> None:
        self._chain, self._selected = chain, selected
        self.update()

    def delete_selected(self) -> None:
        """Deletes the selected box, if there is one."""
        chain, id = self._chain, self._selected
        if id is not None:
            self._select(None)
            self._change(chain.delete(id))

    def frame(self) -> Frame | None:
        """The frame of the picture in the widget. None: there is no picture."""
        if self._picture is None:
            return None
        return Frame.fitted(self._picture.width(), self._picture.height(), self.width(), self.height())

    # Qt calls these

    def sizeHint(self) -> QtCore.QSize:  # noqa: N802
        return QtCore.QSize(260, _LEAST)  # it gets the room that the others leave

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:  # noqa: N802
        painter = QtGui.QPainter(self)
        frame = self.frame()
        if frame is None or self._picture is None:
            painter.drawText(
                self.rect(), Qt.AlignmentFlag.AlignCenter, translate("The canvas appears here with its plan.")
            )
            return
        place = QtCore.QRectF(frame.left, frame.top, frame.width * frame.scale, frame.height * frame.scale)
        painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(place, self._picture)
        boxes.draw(painter, self._chain, frame, self._selected, handles=True)
        if self._drag_start is not None and self._drag_end is not None:
            painter.setPen(QtGui.QPen(Qt.GlobalColor.red, 2, Qt.PenStyle.DotLine))
            painter.drawRect(QtCore.QRectF(self._drag_start, self._drag_end).normalized())

    def mousePressEvent(self, event: QtGui.QMouseEvent) -> None:  # noqa: N802
        frame, at = self.frame(), _place(event)
        if frame is None or event.button() != Qt.MouseButton.LeftButton:
            return
        hit = frame.hit(at.x(), at.y(), self._chain.boxes, self._selected)
        self._select(hit[0] if hit else None)
        if hit:
            self._grip = (hit[1], self._chain.boxes[hit[0]].box, at)
        elif self._chain.text:
            self._drag_start = at

    def mouseMoveEvent(self, event: QtGui.QMouseEvent) -> None:  # noqa: N802
        frame, at = self.frame(), _place(event)
        if frame is None:
            return
        if self._grip and self._selected is not None:
            handle, box, since = self._grip
            way = frame.units(at.x() - since.x(), at.y() - since.y())
            self._change(self._chain.resize(self._selected, dragged(box, handle, *way, frame.least)))
        elif self._drag_start is not None:
            self._drag_end = at
            self.update()
        else:
            hit = frame.hit(at.x(), at.y(), self._chain.boxes, self._selected)
            self.setCursor(CURSORS[hit[1]] if hit else Qt.CursorShape.CrossCursor)

    def mouseReleaseEvent(self, event: QtGui.QMouseEvent) -> None:  # noqa: N802
        frame, start, end = self.frame(), self._drag_start, self._drag_end
        grip, self._grip, self._drag_start, self._drag_end = self._grip, None, None, None
        self.update()
        if frame and grip and grip[0] == "body" and grip[2] == _place(event):  # a click, which chooses the smallest box
            hit = frame.hit(grip[2].x(), grip[2].y(), self._chain.boxes, None)
            self._select(hit[0] if hit else None)
        if frame is None or start is None or end is None:
            return
        (x1, y1), (x2, y2) = frame.point(start.x(), start.y()), frame.point(end.x(), end.y())
        if abs(x2 - x1) >= frame.least[0] and abs(y2 - y1) >= frame.least[1]:
            chain = self._chain.add(Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)), "the object")
            self._change(chain)
            self._select(len(chain.boxes) - 1)

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:  # noqa: N802
        frame, key = self.frame(), event.key()
        if frame is None or self._selected is None or (key not in _ARROWS and key != Qt.Key.Key_Delete):
            super().keyPressEvent(event)
            return
        if key == Qt.Key.Key_Delete:
            self.delete_selected()
            return
        modifiers = event.modifiers()
        far = 10 if modifiers & Qt.KeyboardModifier.ShiftModifier else 1
        handle: Handle = "se" if modifiers & Qt.KeyboardModifier.ControlModifier else "body"
        dx, dy = (far * way for way in _ARROWS[key])
        box = dragged(self._chain.boxes[self._selected].box, handle, dx, dy, frame.least)
        self._change(self._chain.resize(self._selected, box))

    def _select(self, id: int | None) -> None:
        self._selected = id
        self.update()
        self.selected_changed.emit(id)

    def _change(self, chain: Chain) -> None:
        self._chain = chain
        self.update()
        self.chain_changed.emit(chain)


def _place(event: QtGui.QMouseEvent) -> QtCore.QPointF:
    return event.position() if hasattr(event, "position") else QtCore.QPointF(event.localPos())
