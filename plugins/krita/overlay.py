"""The boxes over Krita's own canvas: a transparent widget that ignores the mouse and is never part of the document."""

from __future__ import annotations

from krita import Krita

from engine.api.chain import Chain
from plugins.common.geometry import Area, Frame
from plugins.krita import boxes
from plugins.krita.canvas import Target
from plugins.krita.qt import Qt, QtCore, QtGui, QtWidgets

_CANVASES = ("KisOpenGLCanvas2", "KisQPainterCanvas")
_NAME = "got_overlay"
_EVERY = 100
"""Milliseconds between updates. Krita does not notify scripts when the canvas is moved or zoomed."""


class Overlay:
    """Follows the view of one document. Hidden if the canvas is rotated or mirrored, or shows another document."""

    def __init__(self) -> None:
        self._chain = Chain("")
        self._selected: int | None = None
        self._target: Target | None = None
        self._area: Area = (0, 0, 1, 1)
        # keep both: without the canvas's Python object, the boxes' one is deleted too, and an empty widget stays
        self._canvas: QtWidgets.QWidget | None = None
        self._boxes: _Boxes | None = None
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
            self._canvas, self._boxes = canvas, _Boxes(canvas)
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


class _Boxes(QtWidgets.QWidget):
    def __init__(self, canvas: QtWidgets.QWidget) -> None:
        super().__init__(canvas)
        self.setObjectName(_NAME)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self._state: tuple = ()

    def show_boxes(self, chain: Chain, frame: Frame, selected: int | None) -> None:
        self.setGeometry(self.parentWidget().rect())
        state = (chain.text, frame, selected)
        if state != self._state:
            self._state, self._chain, self._frame, self._selected = state, chain, frame, selected
            self.update()
        self.show()
        self.raise_()

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:  # noqa: N802 - Qt's name
        boxes.draw(QtGui.QPainter(self), self._chain, self._frame, self._selected, handles=False)


def _canvas_widget() -> QtWidgets.QWidget | None:
    window = Krita.instance().activeWindow()
    subwindow = window.qwindow().findChild(QtWidgets.QMdiArea).activeSubWindow() if window else None
    widgets = subwindow.findChildren(QtWidgets.QWidget) if subwindow else []
    return next((widget for widget in widgets if widget.metaObject().className() in _CANVASES), None)
