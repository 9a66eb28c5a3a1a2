"""The badge of a box in lists, which matches the canvas: its number in a solid, dashed or dotted outline."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPen, QPixmap

from got_desktop.ui.theme import RED

SIDE = 22


@cache
def badge(number: int, is_edit: bool, by_user: bool) -> QIcon:
    """A filled badge is an edit region, a dashed ring an object that was reasoned about, a dotted one a user's box."""
    badge_icon = QIcon()
    for ratio in (1, 2):
        for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):  # otherwise the badge in a selected row would be tinted
            badge_icon.addPixmap(_paint(number, is_edit, by_user, ratio), mode)
    return badge_icon


def _paint(number: int, is_edit: bool, by_user: bool, ratio: int) -> QPixmap:
    picture = QPixmap(SIDE * ratio, SIDE * ratio)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(QColor(RED), 1.8)
    if by_user:
        pen.setDashPattern([0.9, 1.3])
    elif not is_edit:
        pen.setDashPattern([2.6, 1.6])
    painter.setPen(pen)
    painter.setBrush(QColor(RED) if is_edit and not by_user else QColor("white"))
    painter.drawEllipse(QRectF(1.5, 1.5, SIDE - 3, SIDE - 3))
    font = QFont()
    font.setPixelSize(11)
    font.setBold(True)
    painter.setFont(font)
    painter.setPen(QColor("white") if is_edit and not by_user else QColor(RED))
    painter.drawText(QRectF(0, 0, SIDE, SIDE), Qt.AlignmentFlag.AlignCenter, str(number))
    painter.end()
    return picture
