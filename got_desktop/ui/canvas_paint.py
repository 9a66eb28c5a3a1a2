"""Painting on the canvas: the picture, the plan's boxes with their numbers and handles, and comparisons."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from engine.api.chain import Region
from got_desktop.model.plan import Mark
from got_desktop.model.raster import Pyramid
from got_desktop.ui.geometry import HANDLE, Rect, View, handle_points
from got_desktop.ui.theme import RED, colors

BADGE = 22.0
_TILE = 12


@dataclass(frozen=True)
class ShownBox:
    """A box to paint; `rect` is in screen pixels."""

    number: int
    rect: Rect
    region: Region
    mark: Mark
    selected: bool


def qrect(rect: Rect) -> QRectF:
    return QRectF(rect.left, rect.top, rect.width, rect.height)


def paint_inside(painter: QPainter, image: QImage, place: QRectF, parts: list[QRectF]) -> None:
    """Paints those parts of an image that fills `place`."""
    clip = QPainterPath()
    for part in parts:
        whole = QPainterPath()
        whole.addRect(part)
        clip |= whole
    painter.save()
    painter.setClipPath(clip)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(place, image)
    painter.restore()


def paint_corner(painter: QPainter, image: QImage, width: int) -> None:
    """Paints an image in the upper right corner of a canvas of that width."""
    side = min(192.0, width / 4)
    place = QRectF(width - side - 14, 14, side, side * image.height() / max(1, image.width()))
    painter.setPen(QPen(QColor(colors().border), 2))
    painter.drawImage(place, image)
    painter.drawRect(place)


def paint_picture(
    painter: QPainter, pyramid: Pyramid, view: View, clip: QRectF | None = None, over: bool = False
) -> None:
    """Paints the picture from the level that is sharp at this scale, with transparent parts on a checkerboard.

    With `over`, transparent parts show what is already painted.
    """
    ratio = painter.device().devicePixelRatioF()
    image, smaller = pyramid.level(view.scale * ratio)
    width, height = pyramid.size
    target = qrect(view.rect_to_screen(Rect(0, 0, width, height)))
    visible = target & (clip or QRectF(0, 0, painter.device().width(), painter.device().height()))
    if visible.isEmpty():
        return
    if image.hasAlphaChannel() and not over:
        _checkerboard(painter, visible)
    # paints only the visible part: at a high zoom, scaling the rest would be wasted work
    factor = view.scale * smaller
    source = QRectF(
        (visible.x() - target.x()) / factor,
        (visible.y() - target.y()) / factor,
        visible.width() / factor,
        visible.height() / factor,
    )
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, view.scale * ratio < 3)
    painter.drawImage(visible, image, source)


def _checkerboard(painter: QPainter, area: QRectF) -> None:
    c = colors()
    painter.fillRect(area, QColor(c.window))
    painter.save()
    painter.setClipRect(area)
    for row in range(int(area.top() // _TILE), int(area.bottom() // _TILE) + 1):
        for column in range(int(area.left() // _TILE), int(area.right() // _TILE) + 1):
            if (row + column) % 2:
                painter.fillRect(QRectF(column * _TILE, row * _TILE, _TILE, _TILE), QColor(c.border))
    painter.restore()


def paint_slider(painter: QPainter, before: Pyramid, view: View, x: float, labels: tuple[str, str]) -> None:
    """Paints the picture before the run to the left of the divider."""
    height = painter.device().height()
    left = QRectF(0, 0, x, height)
    painter.save()
    painter.setClipRect(left)
    paint_picture(painter, before, view, left)
    painter.restore()
    painter.setPen(QPen(QColor("white"), 2))
    painter.drawLine(QPointF(x, 0), QPointF(x, height))
    painter.setBrush(QColor(colors().accent))
    painter.drawEllipse(QPointF(x, height / 2), 9, 9)
    for text, place, side in ((labels[0], x - 12, 1.0), (labels[1], x + 12, 0.0)):
        tag(painter, text, place, 14, side)


def tag(painter: QPainter, text: str, x: float, y: float, share: float) -> None:
    """Paints a text on a dark background; `share` of its width is to the left of x."""
    wide = QFontMetricsF(painter.font()).horizontalAdvance(text) + 16
    area = QRectF(x - share * wide, y, wide, 24)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(20, 20, 24, 200))
    painter.drawRoundedRect(area, 6, 6)
    painter.setPen(QColor("white"))
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, text)


def paint_area(painter: QPainter, picture: Rect, area: Rect) -> None:
    """Outlines the area that may change, visibly on any background, and dims the rest of the picture."""
    around = QPainterPath()
    around.addRect(qrect(picture))
    inside = QPainterPath()
    inside.addRect(qrect(area))
    painter.fillPath(around - inside, QColor(20, 20, 24, 90))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for color, style in ((QColor("white"), Qt.PenStyle.SolidLine), (QColor("black"), Qt.PenStyle.DashLine)):
        painter.setPen(QPen(color, 1.4, style))
        painter.drawRect(qrect(area))


def paint_boxes(painter: QPainter, boxes: list[ShownBox]) -> None:
    """Paints the largest box first and the selected one last, so that all are visible."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for box in sorted(boxes, key=lambda box: (box.selected, -box.rect.area)):
        _paint_box(painter, box)


def line_style(box: ShownBox) -> Qt.PenStyle:
    """Dotted for a user's box, solid for an edit region, dashed for an object that was only reasoned about."""
    if box.mark.by_user:
        return Qt.PenStyle.DotLine
    return Qt.PenStyle.SolidLine if box.region.is_mask else Qt.PenStyle.DashLine


def _paint_box(painter: QPainter, box: ShownBox) -> None:
    area = qrect(box.rect)
    if box.selected:
        painter.fillRect(area, QColor(224, 36, 43, 38))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(255, 255, 255, 210), 5 if box.selected else 4))
    painter.drawRect(area)
    pen = QPen(QColor(RED), 3 if box.selected else 2, line_style(box))
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    if box.mark.by_user:
        pen.setDashPattern([1.2, 1.4])
    painter.setPen(pen)
    painter.drawRect(area)
    if box.selected and not box.mark.locked:
        _paint_handles(painter, box.rect)
    _paint_badge(painter, box)


def _paint_handles(painter: QPainter, rect: Rect) -> None:
    painter.setPen(QPen(QColor(RED), 1.6))
    painter.setBrush(QColor("white"))
    for x, y in handle_points(rect).values():
        painter.drawRect(QRectF(x - HANDLE / 2 + 1, y - HANDLE / 2 + 1, HANDLE - 2, HANDLE - 2))


def _paint_badge(painter: QPainter, box: ShownBox) -> None:
    """Paints the box's number and, if it is selected, its phrase on the upper left corner."""
    font = QFont(painter.font())
    font.setPixelSize(12)
    font.setBold(True)
    painter.setFont(font)
    phrase = box.region.phrase if box.selected else ""
    room = max(140.0, box.rect.width)
    metrics = QFontMetricsF(font)
    text = metrics.elidedText(phrase, Qt.TextElideMode.ElideRight, room)
    wide = BADGE + (metrics.horizontalAdvance(text) + 10 if text else 0)
    lift = BADGE + (HANDLE / 2 + 2 if box.selected else -BADGE / 2)
    left = max(2.0, box.rect.left - (0 if box.selected else BADGE / 2))
    area = QRectF(left, max(2.0, box.rect.top - lift), wide, BADGE)
    is_edit = box.region.is_mask
    painter.setPen(QPen(QColor("white"), 3))
    painter.setBrush(QColor(RED) if is_edit else QColor("white"))
    painter.drawRoundedRect(area, BADGE / 2, BADGE / 2)
    painter.setPen(QPen(QColor(RED), 1.5))
    painter.drawRoundedRect(area, BADGE / 2, BADGE / 2)
    painter.setPen(QColor("white") if is_edit else QColor(RED))
    painter.drawText(QRectF(area.left(), area.top(), BADGE, BADGE), Qt.AlignmentFlag.AlignCenter, str(box.number))
    if text:
        at = QRectF(area.left() + BADGE, area.top(), wide - BADGE, BADGE)
        painter.drawText(at, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
