"""The canvas: the picture with the plan's boxes over it. Mouse and keys are in `canvas_mouse` and `canvas_keys`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QCursor,
    QFocusEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from engine.api.chain import Box
from got_desktop.model.raster import Pyramid
from got_desktop.model.session import Session
from got_desktop.ui import geometry
from got_desktop.ui.box_label import BoxLabel
from got_desktop.ui.canvas_keys import Keys
from got_desktop.ui.canvas_mouse import Mouse, point
from got_desktop.ui.canvas_paint import ShownBox, paint_area, paint_boxes, paint_picture, paint_slider, qrect
from got_desktop.ui.geometry import Point, Rect, Size, View
from got_desktop.ui.side_by_side import SideBySide
from got_desktop.ui.theme import RED, colors

_WHEEL_STEP = 1.2
Tool = Literal["point", "draw", "select"]


class Canvas(QWidget):
    tool_changed = Signal()
    zoomed = Signal(float)
    asked_original = Signal(bool)
    """Space is held, or no longer."""
    side_chosen = Signal(int)
    """One of the candidates that are side by side …"""
    side_opened = Signal(int)
    """… which is to be seen alone."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.view = View()
        self.tool: Tool = "point"
        """What the next drag does: moves a box, draws a new one, or draws the area to be edited."""
        self.before: Pyramid | None = None
        """While results are compared: what was before them …"""
        self.after: Pyramid | None = None
        """… and the candidate that is shown."""
        self.heat: Pyramid | None = None
        self.mode = "after"
        """ "all", "after", "before", "slider" or "heat"."""
        self.sides = SideBySide(self, self.side_chosen.emit)
        self.boxes_shown = True
        self.preview: QImage | None = None
        self.split = 0.5
        """Where the line between before and after is, as a part of the width."""
        self.space = False
        """Space is held."""
        self.mouse = Mouse(self)
        self.keys = Keys(self)
        self._label: BoxLabel | None = None
        self._fitted_to: tuple[int, int] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(240, 200)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(self.tr("Picture and boxes"))
        session.display.changed.connect(self._picture_came)
        session.document.changed.connect(self.update)
        session.work.draft_changed.connect(self.update)
        session.review.selection_changed.connect(self._selected)
        session.review.turn_changed.connect(self.update)

    # what is shown

    @property
    def picture(self) -> Pyramid | None:
        if self._original and self.before is not None:
            return self.before
        return self.after or self.session.display.pyramid

    @property
    def size_of_picture(self) -> tuple[int, int] | None:
        picture = self.picture
        return picture.size if picture else None

    @property
    def frame_size(self) -> Size:
        """Of the part of the picture in which the plan's boxes lie, in pixels."""
        left, top, right, bottom = self.session.review.frame
        return right - left, bottom - top

    @property
    def box_view(self) -> View:
        """How that part lies on the canvas."""
        left, top, _, _ = self.session.review.frame
        return self.view.panned(left * self.view.scale, top * self.view.scale)

    @property
    def _original(self) -> bool:
        return self.mode == "before" or self.space

    @property
    def sliding(self) -> bool:
        """The slider between before and after is shown."""
        return self.mode == "slider" and self.before is not None

    @property
    def side_by_side(self) -> bool:
        """All candidates are shown at once."""
        return self.mode == "all" and bool(self.sides.pictures)

    @property
    def editable(self) -> bool:
        """Boxes can be changed: a plan is under review."""
        return self.session.work.draft is None and self.after is None and self.picture is not None

    def shown_boxes(self) -> list[ShownBox]:
        """The boxes of the turn that is shown, where they are on the screen."""
        if self.size_of_picture is None or not self.boxes_shown or self._original:
            return []
        boxes, live = [], self.mouse.live
        for number, (index, region, mark) in enumerate(self.session.review.plan.boxes(self.session.review.turn), 1):
            rect = geometry.rect_of(region.box, self.frame_size)
            if live and live[0] == index:
                rect = live[1]
            if not mark.hidden:
                chosen = index == self.session.review.selected
                boxes.append(ShownBox(number, self.box_view.rect_to_screen(rect), region, mark, chosen))
        return boxes

    def compare(self, before: Pyramid | None, after: Pyramid | None, heat: Pyramid | None) -> None:
        """Shows a candidate beside what was before it; None ends that."""
        resized = after is not None and after.size != self._fitted_to
        self.before, self.after, self.heat = before, after, heat
        if after is None:
            self.mode = "after"
        if resized or self.size_of_picture != self._fitted_to:
            self.fit()
        self.update()

    def show_sides(self, pictures: Sequence[Pyramid], original: Pyramid | None) -> None:
        """The candidates that can be shown side by side, and what was before them."""
        self.sides.show_pictures(pictures, original)
        self.update()

    def choose_side(self, number: int) -> None:
        self.sides.chosen = number
        self.setAccessibleDescription(self.tr("Candidate {number}").format(number=number + 1))
        self.update()

    def show_mode(self, mode: str) -> None:
        self.mode = mode
        self.update()

    def show_preview(self, image: QImage | None) -> None:
        self.preview = image
        self.update()

    def show_boxes(self, shown: bool) -> None:
        self.boxes_shown = shown
        self.update()

    def _picture_came(self) -> None:
        if self.size_of_picture != self._fitted_to:
            self.fit()
        self.update()

    def _selected(self) -> None:
        plan, index = self.session.review.plan, self.session.review.selected
        phrase = plan.chain.boxes[index].phrase if index is not None and index < len(plan.marks) else ""
        self.setAccessibleDescription(phrase)
        self.update()

    # the view

    def fit(self) -> None:
        size = self.size_of_picture
        if size is not None and self.width() > 1:
            self._fitted_to = size
            self.look(geometry.fitted((self.width(), self.height()), size))

    def zoom_to(self, scale: float) -> None:
        """Screen pixels a picture pixel; the middle stays."""
        self._zoom(scale / self.devicePixelRatioF() / self.view.scale, (self.width() / 2, self.height() / 2))

    def zoom(self, steps: float) -> None:
        self._zoom(_WHEEL_STEP**steps, (self.width() / 2, self.height() / 2))

    def _zoom(self, factor: float, at: Point) -> None:
        self.look(self.view.zoomed(factor, at))

    def look(self, view: View) -> None:
        size = self.size_of_picture
        if size is not None:
            self.view = view.kept_in((self.width(), self.height()), size)
            self.zoomed.emit(self.view.scale * self.devicePixelRatioF())
            self._end_label()
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's names, here and below
        old, new, size = event.oldSize(), event.size(), self.size_of_picture
        if size is None:
            return
        if old.isValid() and self.view != geometry.fitted((old.width(), old.height()), size):
            shift = ((new.width() - old.width()) / 2, (new.height() - old.height()) / 2)
            self.look(self.view.panned(*shift))
        else:
            self.fit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        if self.side_by_side:
            return
        at = event.position()
        self._zoom(_WHEEL_STEP ** (event.angleDelta().y() / 120), (at.x(), at.y()))

    # tools, mouse and keys

    def use_tool(self, tool: Tool) -> None:
        self.tool = tool if self.editable else "point"
        self.show_tool()
        self.tool_changed.emit()

    def show_tool(self) -> None:
        arrow = self.tool == "point"
        self.setCursor(Qt.CursorShape.ArrowCursor if arrow else Qt.CursorShape.CrossCursor)

    def slide(self, to: float) -> None:
        """The line between before and after, to that part of the width."""
        self.split = min(1.0, max(0.0, to))
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.setFocus()  # a phrase that is being written is taken
        self._end_label()
        self.mouse.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.mouse.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.mouse.release()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.mouse.double_click(event)

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: N802, A002
        """Tab goes from box to box before it leaves the canvas."""
        if self.hasFocus() and self.keys.cycle(1 if next else -1):  # else it is asked for the field of a box's phrase
            return True
        return super().focusNextPrevChild(next)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        busy = self.tool != "point" or self.session.review.selected is not None
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self._hold(True)
        elif event.key() == Qt.Key.Key_Escape and busy:
            self.use_tool("point")
            self.session.review.select(None)
        elif not self._press(event):
            super().keyPressEvent(event)

    def _press(self, event: QKeyEvent) -> bool:
        """A key for what is shown just now; whether it was one."""
        if self.side_by_side:
            return self.sides.press(event)
        return self.keys.slide(event) if self.sliding else self.editable and self.keys.press(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._hold(False)
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        if self.space:
            self._hold(False)
        super().focusOutEvent(event)

    def _hold(self, on: bool) -> None:
        self.space = on
        self.asked_original.emit(on)
        self.mouse.hover(point(self.mapFromGlobal(QCursor.pos()).toPointF()))
        self.update()

    # a new box, and what is in a box

    def add(self, box: Box) -> None:
        self.use_tool("point")
        self.session.review.add_box(box, self.tr("the new object"))
        self.relabel()

    def relabel(self) -> None:
        """Opens a field over the chosen box in which its phrase is written."""
        index = self.session.review.selected
        box = next((box for box in self.shown_boxes() if box.region.id == index), None)
        if box is None or not self.editable:
            return
        self._end_label()
        mark = box.mark.id
        self._label = BoxLabel(
            self, box.rect, box.region.phrase, lambda words: self._relabeled(mark, words), self._label_left
        )

    def _relabeled(self, mark: int, phrase: str) -> None:
        plan = self.session.review.plan
        index = plan.index(mark)
        self._end_label()
        if index is not None and phrase.strip() and phrase != plan.chain.boxes[index].phrase:
            self.session.review.replan(plan.renamed(index, phrase.strip()), self.tr("Rename box"))

    def _label_left(self) -> None:
        self._end_label()
        self.setFocus()

    def _end_label(self) -> None:
        if self._label is not None:
            label, self._label = self._label, None
            label.end()

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        with QPainter(self) as painter:  # ended whatever happens: one that outlives the event takes the window with it
            painter.fillRect(self.rect(), QColor(colors().desk))
            picture = self.picture
            if self.side_by_side:
                self.sides.paint(painter, original=self.space)
            elif picture is not None:
                paint_picture(painter, picture, self.view)
                self._paint_over(painter, picture)
            if self.hasFocus():
                painter.setPen(QPen(QColor(colors().accent), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(self.rect().adjusted(1, 1, -1, -1))

    def _paint_over(self, painter: QPainter, picture: Pyramid) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.preview is not None and self.after is None:
            # the preview is square like the model's canvas; it is shown beside the picture's corner, not over it
            side = min(192.0, self.width() / 4)
            area = QRectF(self.width() - side - 14, 14, side, side)
            painter.setPen(QPen(QColor(colors().border), 2))
            painter.drawImage(area, self.preview)
            painter.drawRect(area)
        if self.mode == "heat" and self.heat is not None and not self._original:
            paint_picture(painter, self.heat, self.view, over=True)
        elif self.sliding and self.before is not None and not self._original:
            paint_slider(
                painter, self.before, self.view, self.split * self.width(), (self.tr("Before"), self.tr("After"))
            )
        if self.after is None:
            self._paint_area(painter, picture)
            paint_boxes(painter, self.shown_boxes())
        live = self.mouse.live
        if live and live[0] == -1:
            painter.setPen(QPen(QColor(RED), 2, Qt.PenStyle.DotLine))
            painter.setBrush(QColor(224, 36, 43, 30))
            painter.drawRect(qrect(self.box_view.rect_to_screen(live[1])))

    def _paint_area(self, painter: QPainter, picture: Pyramid) -> None:
        chosen = self.session.document.state.selection
        if self.session.preferences.drawing.new_picture or not self.boxes_shown or self._original:
            return
        area = self.mouse.area or (geometry.rect_of_area(chosen) if chosen else None)
        if area is not None:
            whole = Rect(0, 0, *picture.size)
            paint_area(painter, self.view.rect_to_screen(whole), self.view.rect_to_screen(area))
