"""All candidates at once on the canvas, as large as they fit; one of them is chosen."""

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
        """Called with a candidate's number when the user chooses it by a key."""
        self.pictures: tuple[Pyramid, ...] = ()
        self.original: Pyramid | None = None
        self.chosen = 0

    def show_pictures(self, pictures: Sequence[Pyramid], original: Pyramid | None) -> None:
        self.pictures, self.original, self.chosen = tuple(pictures), original, 0

    @property
    def places(self) -> list[Rect]:
        """Where the pictures are on the canvas; they are all of one size."""
        canvas = (self.canvas.width(), self.canvas.height())
        return geometry.side_by_side(canvas, self.pictures[0].size, len(self.pictures)) if self.pictures else []

    def at(self, point: Point) -> int | None:
        return next((number for number, place in enumerate(self.places) if place.holds(point)), None)

    def press(self, event: QKeyEvent) -> bool:
        """Arrows choose the one before or after; whether it was one."""
        if event.key() not in _STEPS:
            return False
        chosen = self.chosen + _STEPS[Qt.Key(event.key())]
        if 0 <= chosen < len(self.pictures):
            self.choose(chosen)
        return True

    def paint(self, painter: QPainter, original: bool) -> None:
        """With `original`, what was before them in place of each."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, (place, picture) in enumerate(zip(self.places, self.pictures, strict=True)):
            shown = self.original if original and self.original else picture
            paint_picture(painter, shown, View(place.width / shown.size[0], place.left, place.top), qrect(place))
            if number == self.chosen:
                painter.setPen(QPen(QColor(colors().accent), 4))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(qrect(place).adjusted(-4, -4, 4, 4))
            words = f"{number + 1} ✓" if number == self.chosen else str(number + 1)
            tag(painter, words, place.left + 8, place.top + 8, 0.0)
