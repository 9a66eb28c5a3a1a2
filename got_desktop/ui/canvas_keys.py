"""Keyboard control of the canvas: everything that the mouse can do with boxes and the area to edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QKeyEvent

from engine.api.chain import Box
from got_desktop.ui import geometry

if TYPE_CHECKING:
    from got_desktop.ui.canvas import Canvas

_MIDDLE = Box(375, 375, 625, 625)
_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_DELETE = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)


def shortcuts() -> list[tuple[str, str]]:
    """(action, keys) on the canvas and in the list of boxes, as text."""
    translate = QCoreApplication.translate
    return [
        (translate("Keys", "Draw a box"), "R"),
        (translate("Keys", "Choose the area to edit"), "S"),
        (translate("Keys", "Move the selected box by 1 px, 10 px"), translate("Keys", "arrows, Shift+arrows")),
        (translate("Keys", "Resize the selected box"), translate("Keys", "Ctrl+arrows")),
        (translate("Keys", "Next, previous box"), "Tab, Shift+Tab"),
        (translate("Keys", "Rename, delete, duplicate it"), "F2, Del, Ctrl+D"),
        (translate("Keys", "Move the box up, down the list"), translate("Keys", "Alt+Up, Alt+Down")),
        (translate("Keys", "Show the original"), translate("Keys", "hold Space")),
        (translate("Keys", "Choose a candidate, accept it"), "1–8, Enter"),
        (translate("Keys", "Move the before/after divider"), translate("Keys", "Left, Right")),
    ]


class Keys:
    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.session, self.review = canvas.session, canvas.session.review

    def press(self, event: QKeyEvent) -> bool:
        """Handles a key that changes a box or the area; returns whether it was used."""
        canvas, key = self.canvas, event.key()
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if key == Qt.Key.Key_R and not control:
            canvas.use_tool("draw")
        elif key == Qt.Key.Key_S and not control:
            canvas.use_tool("select")
        elif canvas.tool == "select":
            return self._area(event, control)
        elif canvas.tool == "draw" and key in _ENTER and not control:
            canvas.add(_MIDDLE)  # without a mouse, the box starts in the middle
        else:
            return self.review.selected is not None and self._box(self.review.selected, event, control)
        return True

    def slide(self, event: QKeyEvent) -> bool:
        """Left and Right move the before/after divider by one hundredth of the width, with Shift by ten."""
        across = _step(event)[0] if event.key() in _ARROWS else 0
        if across:
            self.canvas.slide(self.canvas.split + across / 100)
        return across != 0

    def _box(self, index: int, event: QKeyEvent, control: bool) -> bool:
        key = event.key()
        if key in _ARROWS:
            self._nudge(index, *_step(event), control)
        elif key in _DELETE:
            self.review.delete_box(index)
        elif key == Qt.Key.Key_D and control:
            self.review.duplicate_box(index)
        elif key in (Qt.Key.Key_F2, *_ENTER) and not control:
            self.canvas.relabel()
        else:
            return False
        return True

    def _nudge(self, index: int, dx: int, dy: int, resize: bool) -> None:
        if self.review.plan.marks[index].locked:
            return
        box = self.review.plan.chain.boxes[index].box
        change = geometry.grown if resize else geometry.nudged
        box = change(box, dx, dy, self.canvas.frame_size)
        self.review.resize_box(index, box, run="grow" if resize else "nudge")

    def _area(self, event: QKeyEvent, control: bool) -> bool:
        """Enter creates an area in the middle; arrows move it, Ctrl+arrows resize it and Del removes it."""
        key, state = event.key(), self.session.document.state
        if key in _ENTER and state.selection is None:
            middle = geometry.rect_of(_MIDDLE, state.size)
            self.review.choose_area(geometry.area_of(middle))
        elif key in _ENTER:
            self.canvas.use_tool("point")
        elif key in _DELETE:
            self.canvas.use_tool("point")
            self.review.choose_area(None)
        elif key in _ARROWS and state.selection is not None:
            area = geometry.area_moved(state.selection, *_step(event), control, state.size)
            self.review.choose_area(area, run="area")
        else:
            return False
        return True

    def cycle(self, step: int) -> bool:
        """Selects the next box; False after the last one, so that the focus moves on."""
        order = [box.region.id for box in self.canvas.shown_boxes()] if self.canvas.editable else []
        if not order:
            return False
        selected = self.review.selected
        place = order.index(selected) + step if selected in order else (0 if step > 0 else len(order) - 1)
        if not 0 <= place < len(order):
            self.review.select(None)
            return False
        self.review.select(order[place])
        return True


def _step(event: QKeyEvent) -> tuple[int, int]:
    """The step in pixels, (dx, dy): one pixel, with Shift ten."""
    ten = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
    dx, dy = _ARROWS[Qt.Key(event.key())]
    return ten * dx, ten * dy
