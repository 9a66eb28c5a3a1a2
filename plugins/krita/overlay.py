"""The boxes over Krita's own canvas: a transparent widget that is never part of the document. It follows the view."""

from __future__ import annotations

from collections.abc import Callable

from krita import Krita

from engine.api.chain import Chain
from plugins.common.geometry import Area, Frame
from plugins.krita.canvas import Target
from plugins.krita.canvas_boxes import CanvasBoxes
from plugins.krita.qt import QtCore, QtWidgets

_CANVASES = ("KisOpenGLCanvas2", "KisQPainterCanvas")
_EVERY = 100
"""Milliseconds between updates. Krita does not notify scripts when the canvas is moved or zoomed."""


class Overlay:
    """Follows the view of one document. Hidden if the canvas is rotated or mirrored, or shows another document."""

    def __init__(self, on_select: Callable[[int], None], on_chain: Callable[[Chain], None]) -> None:
        """The user chooses a box on the canvas, or changes the chain by dragging one."""
        self._on_select, self._on_chain = on_select, on_chain
        self._chain = Chain("")
        self._selected: int | None = None
        self._target: Target | None = None
        self._area: Area = (0, 0, 1, 1)
        # keep both: without the canvas's Python object, the boxes' one is deleted too, and an empty widget stays
        self._canvas: QtWidgets.QWidget | None = None
        self._boxes: CanvasBoxes | None = None
        self._timer = QtCore.QTimer()
        self._timer.timeout.connect(self._follow)

    def show(self, target: Target, area: Area, chain: Chain, selected: int | None) -> None:
        """Shows the boxes of a chain over an area of the document."""
        self._target, self._area, self._chain, self._selected = target, area, chain, selected
        self._timer.start(_EVERY)
        self._follow()

    def hide(self) -> None:
        self._timer.stop()
        self._remove()

    def _follow(self) -> None:
        frame, canvas = self._frame(), _canvas_widget()
        if frame is None or canvas is None or not self._chain.boxes:
            self._remove()
            return
        if self._boxes is None or self._canvas is not canvas:
            self._remove()
            self._canvas, self._boxes = canvas, CanvasBoxes(canvas, self._on_select, self._on_chain)
            self._boxes.destroyed.connect(self._forget)
        self._boxes.show_boxes(self._chain, frame, self._selected)

    def _remove(self) -> None:
        boxes = self._boxes
        if boxes is not None:
            boxes.destroyed.disconnect(self._forget)
            self._forget()
            boxes.setParent(None)
            boxes.deleteLater()

    def _forget(self) -> None:
        """Drops the references: Krita deletes the boxes with their view."""
        self._canvas = self._boxes = None

    def _frame(self) -> Frame | None:
        """The frame of the area in the canvas widget, in screen pixels."""
        document = Krita.instance().activeDocument()
        window = Krita.instance().activeWindow()
        if document is None or window is None or self._target is None or Target.of(document) != self._target:
            return None
        canvas = window.activeView().canvas()
        if canvas.rotation() != 0 or canvas.mirror():
            return None
        scroll = window.qwindow().findChild(QtWidgets.QMdiArea).activeSubWindow()
        controller = scroll.findChild(QtWidgets.QAbstractScrollArea) if scroll else None
        if controller is None:
            return None
        # Krita's zoom level counts inches of the document; before Krita 5.2, scripts have no canvas transform
        scale = canvas.zoomLevel() * 72.0 / document.resolution()
        x, y, width, height = self._area
        left = x * scale - controller.horizontalScrollBar().value()
        top = y * scale - controller.verticalScrollBar().value()
        return Frame(width, height, scale, left, top)


def _canvas_widget() -> QtWidgets.QWidget | None:
    window = Krita.instance().activeWindow()
    subwindow = window.qwindow().findChild(QtWidgets.QMdiArea).activeSubWindow() if window else None
    widgets = subwindow.findChildren(QtWidgets.QWidget) if subwindow else []
    return next((widget for widget in widgets if widget.metaObject().className() in _CANVASES), None)
