"""All candidates side by side on the canvas, as large as possible; one of them is selected."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from got_desktop.model.raster import Pyramid
from got_desktop.ui import geometry
from got_desktop.ui.canvas_paint import paint_picture, qrect, tag
from got_desktop.ui.geometry import Point, Rect, View
from got_desktop.ui.theme import colors

_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1}


class SideBySide:
    def __init__(self, canvas: QWidget, choose: Callable[[int], None]) -> None:
        self.canvas = canvas
        self.choose = choose
        """Called with a candidate's number when the user selects it by a key."""
        self.pictures: tuple[Pyramid, ...] = ()
        self.original: Pyramid | None = None
        self.selected = 0

    def show_pictures(self, pictures: Sequence[Pyramid], original: Pyramid | None) -> None:
        self.pictures, self.original, self.selected = tuple(pictures), original, 0

    @property
    def places(self) -> list[Rect]:
        """The pictures' places on the canvas; all pictures have the same size."""
        canvas = (self.canvas.width(), self.canvas.height())
        return geometry.side_by_side(canvas, self.pictures[0].size, len(self.pictures)) if self.pictures else []

    def at(self, point: Point) -> int | None:
        return next((number for number, place in enumerate(self.places) if place.holds(point)), None)

    def press(self, event: QKeyEvent) -> bool:
        """Arrow keys select the previous or next candidate; returns whether the key was used."""
        if event.key() not in _STEPS:
            return False
        selected = self.selected + _STEPS[Qt.Key(event.key())]
        if 0 <= selected < len(self.pictures):
            self.choose(selected)
        return True

    def paint(self, painter: QPainter, original: bool) -> None:
        """Paints the candidates or, with `original`, the picture before the run in place of each."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, (place, picture) in enumerate(zip(self.places, self.pictures, strict=True)):
            pyramid = self.original if original and self.original else picture
            paint_picture(painter, pyramid, View(place.width / pyramid.size[0], place.left, place.top), qrect(place))
            if number == self.selected:
                painter.setPen(QPen(QColor(colors().accent), 4))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(qrect(place).adjusted(-4, -4, 4, 4))
            words = f"{number + 1} ✓" if number == self.selected else str(number + 1)
            tag(painter, words, place.left + 8, place.top + 8, 0.0)
