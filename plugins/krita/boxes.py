"""Paints boxes on the preview and over Krita's canvas, numbered: solid = will change, dashed = will not."""

from __future__ import annotations

from engine.api.chain import COLORS, Chain
from plugins.common.geometry import HANDLE, Frame
from plugins.krita.qt import Qt, QtCore, QtGui


def draw(painter: QtGui.QPainter, chain: Chain, frame: Frame, selected: int | None, handles: bool) -> None:
    """Paints the chain's boxes. The selected one is thicker and has handles."""
    painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
    for region in chain.boxes:
        color = QtGui.QColor(*COLORS[region.color]) if region.color in COLORS else QtGui.QColor(230, 230, 230)
        rectangle = QtCore.QRectF(*frame.to_screen(region.box))
        style = Qt.PenStyle.SolidLine if region.is_mask else Qt.PenStyle.DashLine
        is_selected = region.id == selected
        for width, paint in ((5 if is_selected else 4, QtGui.QColor(0, 0, 0, 150)), (3 if is_selected else 2, color)):
            painter.setPen(QtGui.QPen(paint, width, style, Qt.PenCapStyle.SquareCap, Qt.PenJoinStyle.MiterJoin))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(rectangle)
        _badge(painter, badge_place(rectangle, region.id, is_selected and handles), str(region.id + 1), color)
        if is_selected and handles:
            _handles(painter, frame.handles(region.box).values())


def badge_place(rectangle: QtCore.QRectF, id: int, has_handles: bool) -> QtCore.QRectF:
    """Where the number of a box is, in its corner or next to the handle there."""
    inset = HANDLE / 2 if has_handles else 0.0
    return QtCore.QRectF(rectangle.left() + inset, rectangle.top() + inset, 8 + 8 * len(str(id + 1)), 16)


def _badge(painter: QtGui.QPainter, place: QtCore.QRectF, text: str, color: QtGui.QColor) -> None:
    painter.fillRect(place, color)
    dark = color.lightness() > 140
    painter.setPen(Qt.GlobalColor.black if dark else Qt.GlobalColor.white)
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)


def _handles(painter: QtGui.QPainter, places: object) -> None:
    painter.setPen(QtGui.QPen(Qt.GlobalColor.black, 1))
    painter.setBrush(Qt.GlobalColor.white)
    for x, y in places:  # type: ignore[attr-defined]
        painter.drawRect(QtCore.QRectF(x - HANDLE / 2 + 1, y - HANDLE / 2 + 1, HANDLE - 2, HANDLE - 2))
