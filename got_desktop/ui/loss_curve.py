"""A curve over the steps of a training that grows during the run."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from got_desktop.model.figures import significant
from got_desktop.ui import theme

_LEFT, _TOP, _RIGHT, _BOTTOM = 44.0, 26.0, 10.0, 20.0
_SMOOTH = 0.9
"""Weight of the previous mean in the strong, smoothed line; the faint line shows the measured values."""
_MOST_POINTS = 600


class LossCurve(QWidget):
    """A curve with a logarithmic value axis and steps on the horizontal axis."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = title
        self.points: tuple[tuple[int, float], ...] = ()
        self.steps = 0
        self.setAccessibleName(title)
        self.setMinimumSize(220, 170)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(330, 170)

    def show_points(self, points: Sequence[tuple[int, float]], steps: int) -> None:
        """(step, value) in order; `steps` is the training's last step."""
        self.points, self.steps = tuple(points), steps
        summary = (
            self.tr("step {step}: {value}").format(step=points[-1][0], value=significant(points[-1][1]))
            if points
            else ""
        )
        self.setAccessibleDescription(summary)
        self.setToolTip(summary)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        colors = theme.colors()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(colors.text))
        painter.drawText(QRectF(_LEFT, 0, self.width() - _LEFT, _TOP - 6), Qt.AlignmentFlag.AlignVCenter, self.title)
        area = QRectF(_LEFT, _TOP, self.width() - _LEFT - _RIGHT, self.height() - _TOP - _BOTTOM)
        visible_points = [(step, value) for step, value in self.points if value > 0]
        if not visible_points:
            painter.setPen(QColor(colors.muted))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, self.tr("starts with the first step"))
            return
        low, high = _span([value for _, value in visible_points])
        self._grid(painter, area, low, high)
        visible_points = visible_points[:: -(-len(visible_points) // _MOST_POINTS)]
        last = max(self.steps, visible_points[-1][0])

        def place(step: int, value: float) -> QPointF:
            up = (math.log(value) - math.log(low)) / (math.log(high) - math.log(low))
            return QPointF(area.left() + area.width() * step / last, area.bottom() - area.height() * up)

        faint = QColor(colors.accent)
        faint.setAlpha(90)
        painter.setPen(QPen(faint, 1))
        painter.drawPolyline(QPolygonF([place(*point) for point in visible_points]))
        painter.setPen(QPen(QColor(colors.accent), 2))
        painter.drawPolyline(QPolygonF([place(*point) for point in smoothed(visible_points)]))
        if len(visible_points) == 1:
            painter.drawEllipse(place(*visible_points[0]), 2, 2)

    def _grid(self, painter: QPainter, area: QRectF, low: float, high: float) -> None:
        colors = theme.colors()
        font = painter.font()
        font.setPixelSize(10)
        painter.setFont(font)
        for tick in ticks(low, high):
            y = area.bottom() - area.height() * (math.log(tick / low) / math.log(high / low))
            painter.setPen(QPen(QColor(colors.border), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(QColor(colors.muted))
            where = QRectF(0, y - 8, _LEFT - 6, 16)
            painter.drawText(where, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, significant(tick, 6))
        painter.setPen(QColor(colors.muted))
        below = QRectF(area.left(), area.bottom() + 3, area.width(), 14)
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, "0")
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, str(max(self.steps, self.points[-1][0])))


def smoothed(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """A running mean that is corrected for its start."""
    mean, weight, means = 0.0, 0.0, []
    for step, value in points:
        mean, weight = _SMOOTH * mean + (1 - _SMOOTH) * value, _SMOOTH * weight + 1 - _SMOOTH
        means.append((step, mean / weight))
    return means


def ticks(low: float, high: float) -> list[float]:
    """Values 1, 2 and 5 times a power of ten between two limits."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [tick for power in powers for tick in (10.0**power, 2 * 10.0**power, 5 * 10.0**power) if low <= tick <= high]


def _span(values: Sequence[float]) -> tuple[float, float]:
    """The limits of the value axis: a little wider than the values."""
    low, high = min(values), max(values)
    return low / 1.15, high * 1.15
