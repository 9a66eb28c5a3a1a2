"""The canvas: the picture and the plan's boxes. Mouse and keys are handled in `canvas_mouse` and `canvas_keys`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import QEvent, Qt, Signal
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
from got_desktop.ui.canvas_paint import (
    ShownBox,
    paint_area,
    paint_boxes,
    paint_corner,
    paint_inside,
    paint_picture,
    paint_slider,
    qrect,
)
from got_desktop.ui.geometry import Point, Rect, Size, View
from got_desktop.ui.side_by_side import SideBySide
from got_desktop.ui.theme import RED, colors

_WHEEL_STEP = 1.2
Tool = Literal["point", "draw", "select"]


class Canvas(QWidget):
    tool_changed = Signal()
    zoomed = Signal(float)
    original_requested = Signal(bool)
    """Whether Space is held."""
    side_chosen = Signal(int)
    """The number of a candidate that was selected side by side."""
    side_opened = Signal(int)
    """The number of a candidate to show alone."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.view = View()
        self.tool: Tool = "point"
        """What the next drag does: move a box, draw a new one, or draw the area to edit."""
        self.before: Pyramid | None = None
        """While results are compared, the picture before the run."""
        self.after: Pyramid | None = None
        """While results are compared, the candidate that is shown."""
        self.heat: Pyramid | None = None
        self.mode = "after"
        """ "all", "after", "before", "slider" or "heat"."""
        self.sides = SideBySide(self, self.side_chosen.emit)
        self.boxes_visible = True
        self.preview: QImage | None = None
        self.split = 0.5
        """Position of the before/after divider, as a share of the width."""
        self.space = False
        """Whether Space is held."""
        self.mouse = Mouse(self)
        self.keys = Keys(self)
        self._label: BoxLabel | None = None
        self._fitted_to: tuple[int, int] | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(240, 200)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(self.tr("Picture and boxes"))
        session.display.changed.connect(self._follow_display)
        session.document.changed.connect(self.update)
        session.work.draft_changed.connect(self.update)
        session.review.selection_changed.connect(self._follow_selection)
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
        """The size in pixels of the part of the picture that the plan's boxes refer to."""
        left, top, right, bottom = self.session.review.frame
        return right - left, bottom - top

    @property
    def box_view(self) -> View:
        """The view of that part on the canvas."""
        left, top, _, _ = self.session.review.frame
        return self.view.panned(left * self.view.scale, top * self.view.scale)

    @property
    def _original(self) -> bool:
        return self.mode == "before" or self.space

    @property
    def sliding(self) -> bool:
        """Whether the before/after slider is shown."""
        return self.mode == "slider" and self.before is not None

    @property
    def side_by_side(self) -> bool:
        """Whether all candidates are shown at once."""
        return self.mode == "all" and bool(self.sides.pictures)

    @property
    def editable(self) -> bool:
        """Whether boxes can be changed, that is, a plan is under review."""
        return self.session.work.draft is None and self.after is None and self.picture is not None

    def shown_boxes(self) -> list[ShownBox]:
        """The boxes of the current turn, in screen coordinates."""
        if self.size_of_picture is None or not self.boxes_visible or self._original:
            return []
        boxes, live = [], self.mouse.live
        for number, (index, region, mark) in enumerate(self.session.review.plan.boxes(self.session.review.turn), 1):
            rect = geometry.rect_of(region.box, self.frame_size)
            if live and live[0] == index:
                rect = live[1]
            if not mark.hidden:
                selected = index == self.session.review.selected
                boxes.append(ShownBox(number, self.box_view.rect_to_screen(rect), region, mark, selected))
        return boxes

    def compare(self, before: Pyramid | None, after: Pyramid | None, heat: Pyramid | None) -> None:
        """Compares a candidate with the picture before the run; None ends the comparison."""
        other_size = after is not None and after.size != self._fitted_to
        self.before, self.after, self.heat = before, after, heat
        if after is None:
            self.mode = "after"
        if other_size or self.size_of_picture != self._fitted_to:
            self.fit()
        self.update()

    def show_sides(self, pictures: Sequence[Pyramid], original: Pyramid | None) -> None:
        """Sets the candidates to show side by side, and the picture before the run."""
        self.sides.show_pictures(pictures, original)
        self.update()

    def choose_side(self, number: int) -> None:
        self.sides.selected = number
        self.setAccessibleDescription(self.tr("Candidate {number}").format(number=number + 1))
        self.update()

    def show_mode(self, mode: str) -> None:
        self.mode = mode
        self.update()

    def show_preview(self, image: QImage | None) -> None:
        self.preview = image
        self.update()

    def show_boxes(self, visible: bool) -> None:
        self.boxes_visible = visible
        self.update()

    def _follow_display(self) -> None:
        if self.size_of_picture != self._fitted_to:
            self.fit()
        self.update()

    def _follow_selection(self) -> None:
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
        """Sets the scale in screen pixels per picture pixel; the center stays in place."""
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
        """Moves the before/after divider to that share of the width."""
        self.split = min(1.0, max(0.0, to))
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.setFocus()  # accepts a phrase that is being typed
        self._end_label()
        self.mouse.press(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.mouse.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.mouse.release()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.mouse.double_click(event)

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: N802, A002
        """Tab moves from box to box before it leaves the canvas."""
        if self.hasFocus() and self.keys.cycle(1 if next else -1):  # without focus, the call is about the phrase field
            return True
        return super().focusNextPrevChild(next)

    @property
    def takes_arrows(self) -> bool:
        """Whether Left and Right compare results."""
        return self.side_by_side or self.sliding

    @property
    def _takes_escape(self) -> bool:
        """Whether Esc ends the choice of a tool or of a box."""
        return self.tool != "point" or self.session.review.selected is not None

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride:
            if event.key() == Qt.Key.Key_Escape and self._takes_escape:
                event.accept()  # otherwise it would cancel the running job
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Space:
            if not event.isAutoRepeat():
                self.hold(True)
        elif event.key() == Qt.Key.Key_Escape and self._takes_escape:
            self.use_tool("point")
            self.session.review.select(None)
        elif not self._press(event):
            super().keyPressEvent(event)

    def _press(self, event: QKeyEvent) -> bool:
        """Handles a key in the current view; returns whether it was used."""
        if self.side_by_side:
            return self.sides.press(event)
        return self.keys.slide(event) if self.sliding else self.editable and self.keys.press(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.hold(False)
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        if self.space:
            self.hold(False)
        super().focusOutEvent(event)

    def hold(self, on: bool) -> None:
        """Space is pressed or released."""
        self.space = on
        self.original_requested.emit(on)
        self.mouse.hover(point(self.mapFromGlobal(QCursor.pos()).toPointF()))
        self.update()

    # new boxes and phrases

    def add(self, box: Box) -> None:
        self.use_tool("point")
        self.session.review.add_box(box, self.tr("the new object"))
        self.relabel()

    def relabel(self) -> None:
        """Opens the phrase field over the selected box."""
        index = self.session.review.selected
        box = next((box for box in self.shown_boxes() if box.region.id == index), None)
        if box is None or not self.editable:
            return
        self._end_label()
        mark = box.mark.id
        self._label = BoxLabel(
            self, box.rect, box.region.phrase, lambda words: self._set_phrase(mark, words), self._close_label
        )

    def _set_phrase(self, mark: int, phrase: str) -> None:
        plan = self.session.review.plan
        index = plan.index(mark)
        self._end_label()
        if index is not None and phrase.strip() and phrase != plan.chain.boxes[index].phrase:
            self.session.review.replan(plan.renamed(index, phrase.strip()), self.tr("Rename box"))

    def _close_label(self) -> None:
        self._end_label()
        self.setFocus()

    def _end_label(self) -> None:
        if self._label is not None:
            label, self._label = self._label, None
            label.end()

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        with QPainter(self) as painter:  # always ended: a painter that outlives the event crashes the window
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
        if self.preview is not None and self.after is None and not self._original:
            self._paint_preview(painter, self.preview)
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

    def _paint_preview(self, painter: QPainter, preview: QImage) -> None:
        """Paints the unfinished picture where it will be: an edit in its boxes, a new picture in the corner."""
        frame, turn = self.session.work.preview_frame, self.session.review.turn
        if frame is None:
            return paint_corner(painter, preview, self.width())
        place = qrect(self.view.rect_to_screen(Rect(*frame)))
        rects = [
            self.box_view.rect_to_screen(geometry.rect_of(region.box, self.frame_size))
            for _, region, _ in self.session.review.plan.boxes(turn)
            if region.is_mask and self.session.preferences.drawing.scope != "whole"
        ]
        paint_inside(painter, preview, place, [qrect(rect) for rect in rects] or [place])

    def _paint_area(self, painter: QPainter, picture: Pyramid) -> None:
        selection = self.session.document.state.selection
        if self.session.preferences.drawing.new_picture or not self.boxes_visible or self._original:
            return
        area = self.mouse.area or (geometry.rect_of_area(selection) if selection else None)
        if area is not None:
            whole = Rect(0, 0, *picture.size)
            paint_area(painter, self.view.rect_to_screen(whole), self.view.rect_to_screen(area))
