"""The icons in `resources/icons`, drawn in the text color at the screen's resolution."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QIconEngine, QImage, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer

import engine

FOLDER = Path(engine.__file__).parents[1] / "resources" / "icons"


@cache
def _text(name: str) -> str:
    return (FOLDER / f"{name}.svg").read_text(encoding="utf-8")


@cache
def pixmap(name: str, side: int, color: str, ratio: float) -> QPixmap:
    """The icon at a width of `side` device-independent pixels."""
    renderer = QSvgRenderer(QByteArray(_text(name).replace("currentColor", color).encode()))
    image = QImage(round(side * ratio), round(side * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter, QRectF(image.rect()))
    painter.end()
    result = QPixmap.fromImage(image)
    result.setDevicePixelRatio(ratio)
    return result


class _Engine(QIconEngine):
    """Reads the color from the palette when it paints, so that icons follow the theme."""

    def __init__(self, name: str, color: str = "") -> None:
        super().__init__()
        self.name = name
        self.color = color

    def paint(self, painter: QPainter, rect: object, mode: QIcon.Mode, state: QIcon.State) -> None:
        assert hasattr(rect, "width")
        side = min(rect.width(), rect.height())  # type: ignore[attr-defined]
        ratio = painter.device().devicePixelRatioF()
        image = pixmap(self.name, max(1, side), self._color(mode).name(), ratio)
        painter.drawPixmap(rect.x() + (rect.width() - side) // 2, rect.y() + (rect.height() - side) // 2, image)  # type: ignore[attr-defined]

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return pixmap(self.name, max(1, min(size.width(), size.height())), self._color(mode).name(), 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:  # noqa: N802
        side = max(1, min(size.width(), size.height()))  # `size` is in device-independent pixels
        return pixmap(self.name, side, self._color(mode).name(), scale)

    def clone(self) -> QIconEngine:
        return _Engine(self.name, self.color)

    def _color(self, mode: QIcon.Mode) -> QColor:
        palette = QGuiApplication.palette()
        if mode == QIcon.Mode.Disabled:
            return palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.ButtonText)
        return QColor(self.color) if self.color else palette.color(QPalette.ColorRole.ButtonText)


_engines: list[_Engine] = []


def icon(name: str, color: str = "") -> QIcon:
    """The icon in the text color, or in `color`."""
    icon_engine = _Engine(name, color)
    _engines.append(icon_engine)
    return QIcon(icon_engine)


def app_icon() -> QIcon:
    return QIcon(str(FOLDER / "app.svg"))
