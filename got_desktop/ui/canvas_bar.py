"""The toolbar over the canvas: point, draw, choose an area, show boxes, zoom."""

from __future__ import annotations

from PySide6.QtWidgets import QButtonGroup, QFrame

from got_desktop.model.figures import decimal
from got_desktop.ui.canvas import Canvas, Tool
from got_desktop.ui.controls import label, row, tool


class CanvasBar(QFrame):
    def __init__(self, canvas: Canvas) -> None:
        super().__init__()
        self.canvas = canvas
        self.setProperty("role", "top")
        self.point = tool("pointer", self.tr("Move boxes (Esc)"), lambda: canvas.use_tool("point"), checkable=True)
        self.draw = tool("box", self.tr("Draw a box (R)"), lambda: self._use("draw"), checkable=True)
        self.area = tool("area", self.tr("Choose the area to edit (S)"), lambda: self._use("select"), checkable=True)
        self.whole = tool(
            "close", self.tr("Edit the whole picture again"), lambda: canvas.session.review.choose_area(None)
        )
        group = QButtonGroup(self)
        group.addButton(self.point)
        group.addButton(self.draw)
        group.addButton(self.area)
        self.boxes = tool("eye", self.tr("Show boxes (Ctrl+B)"), checkable=True)
        self.boxes.setChecked(True)
        self.boxes.toggled.connect(canvas.show_boxes)
        self.percent = label("100 %", "muted")
        self.percent.setMinimumWidth(56)
        layout = row(
            self.point,
            self.draw,
            self.area,
            self.whole,
            self.boxes,
            1,
            tool("zoom-out", self.tr("Zoom out (Ctrl+-)"), lambda: canvas.zoom(-1)),
            self.percent,
            tool("zoom-in", self.tr("Zoom in (Ctrl++)"), lambda: canvas.zoom(1)),
            tool("fit", self.tr("Fit to window (Ctrl+0)"), canvas.fit),
            spacing=4,
        )
        layout.setContentsMargins(10, 4, 10, 4)
        self.setLayout(layout)
        canvas.tool_changed.connect(self._follow)
        canvas.session.document.changed.connect(self._follow)
        canvas.zoomed.connect(lambda scale: self.percent.setText(f"{decimal(100 * scale, 0)} %"))
        self._follow()

    def _use(self, tool: Tool) -> None:
        self.canvas.setFocus()
        self.canvas.use_tool(tool)

    def _follow(self) -> None:
        {"point": self.point, "draw": self.draw, "select": self.area}[self.canvas.tool].setChecked(True)
        self.whole.setVisible(self.canvas.session.document.state.selection is not None)

    def show_review(self, on: bool) -> None:
        """Disables the drawing tools while results are compared."""
        for widget in (self.point, self.draw, self.area, self.whole, self.boxes):
            widget.setEnabled(not on)
