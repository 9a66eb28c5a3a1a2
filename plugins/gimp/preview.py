"""The dialog's preview: the picture with the chain's boxes, which can be dragged.

Boxes are painted into the picture's bytes, because cairo needs a package that not every GIMP includes.
"""

from __future__ import annotations

from collections.abc import Callable

from gi.repository import Gdk, GdkPixbuf, Gtk

from engine.api.chain import COLORS, Box, Chain
from engine.api.language import translate
from plugins.common.geometry import HANDLE, Frame, Handle, dragged

SIDE = 360
"""Longer side of the preview in screen pixels."""
_DASH = 6
_DIGITS = {
    "0": "75557",
    "1": "26227",
    "2": "71747",
    "3": "71717",
    "4": "55711",
    "5": "74717",
    "6": "74757",
    "7": "71122",
    "8": "75757",
    "9": "75717",
}
"""Each digit in five rows of three pixels; the bits of a row's number are its pixels."""
_WAYS = {
    Gdk.KEY_Left: (-1, 0),
    Gdk.KEY_Right: (1, 0),
    Gdk.KEY_Up: (0, -1),
    Gdk.KEY_Down: (0, 1),
}
"""Arrow keys -> the direction in which they move a box."""
Rectangle = tuple[int, int, int, int]


class Preview:
    """`widget` shows the preview. `on_change` is called with the chain after a drag or a key press, `on_select` when
    another box is selected."""

    def __init__(self, on_change: Callable[[Chain], None], on_select: Callable[[], None]) -> None:
        self._on_change, self._on_select = on_change, on_select
        self._chain = Chain("")
        self.selected: int | None = None
        self.is_locked = False
        """While the engine works, the boxes stay as they are."""
        self._grip: tuple[Handle, Box, float, float] | None = None
        self._drag_start: tuple[float, float] | None = None
        self._image = Gtk.Image()
        self.widget = Gtk.EventBox()
        self.widget.set_can_focus(True)
        self.widget.set_halign(Gtk.Align.CENTER)
        self.widget.set_tooltip_text(
            translate("Drag a box or its handles. Drag elsewhere to add a box. Arrows move, Del deletes.")
        )
        self.widget.add(self._image)
        self.widget.add_events(Gdk.EventMask.POINTER_MOTION_MASK | Gdk.EventMask.KEY_PRESS_MASK)
        for signal, handler in (
            ("button-press-event", self._on_press),
            ("motion-notify-event", self._on_motion),
            ("button-release-event", self._on_release),
            ("key-press-event", self._on_key),
        ):
            self.widget.connect(signal, handler)

    def show_picture(self, picture: GdkPixbuf.Pixbuf, width: int, height: int) -> None:
        """Sets the picture behind the boxes, stretched to the proportions of `width` × `height` pixels."""
        scale = SIDE / max(width, height)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        self._picture = picture.scale_simple(*size, GdkPixbuf.InterpType.BILINEAR)
        self._frame = Frame(width, height, scale)
        self._paint()

    def show_chain(self, chain: Chain) -> None:
        self._chain = chain
        if self.selected is not None and self.selected >= len(chain.boxes):
            self.selected = None
        self._paint()

    def select(self, id: int | None) -> None:
        self.selected = id
        self._paint()
        self._on_select()

    def delete_selected(self) -> None:
        """Deletes the selected box, if there is one."""
        if self.selected is None or self.is_locked:
            return
        chain = self._chain.delete(self.selected)
        self.selected = None
        self._change(chain)

    def _on_press(self, widget: Gtk.Widget, event: Gdk.EventButton) -> bool:
        widget.grab_focus()
        if self.is_locked:
            return True
        hit = self._frame.hit(event.x, event.y, self._chain.boxes, self.selected)
        if hit:
            self._grip = (hit[1], self._chain.boxes[hit[0]].box, event.x, event.y)
        elif self._chain.text:
            self._drag_start = (event.x, event.y)
        self.select(hit[0] if hit else None)
        return True

    def _on_motion(self, widget: Gtk.Widget, event: Gdk.EventMotion) -> bool:
        if self._grip is None or self.selected is None or self.is_locked:
            return False
        handle, box, x, y = self._grip
        way = self._frame.units(event.x - x, event.y - y)
        self._change(self._chain.resize(self.selected, dragged(box, handle, *way, self._frame.least)))
        return True

    def _on_release(self, widget: Gtk.Widget, event: Gdk.EventButton) -> bool:
        start, self._drag_start, self._grip = self._drag_start, None, None
        if start is None:
            return True
        (x1, y1), (x2, y2) = self._frame.point(*start), self._frame.point(event.x, event.y)
        if abs(x2 - x1) >= self._frame.least[0] and abs(y2 - y1) >= self._frame.least[1]:
            chain = self._chain.add(Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)), "the object")
            self.selected = len(chain.boxes) - 1
            self._change(chain)
        return True

    def _on_key(self, widget: Gtk.Widget, event: Gdk.EventKey) -> bool:
        if self.selected is None or self.is_locked:
            return False
        if event.keyval in (Gdk.KEY_Delete, Gdk.KEY_KP_Delete):
            self.delete_selected()
            return True
        way = _WAYS.get(event.keyval)
        if way is None:
            return False
        far = 10 if event.state & Gdk.ModifierType.SHIFT_MASK else 1
        handle: Handle = "se" if event.state & Gdk.ModifierType.CONTROL_MASK else "body"
        box = dragged(self._chain.boxes[self.selected].box, handle, far * way[0], far * way[1], self._frame.least)
        self._change(self._chain.resize(self.selected, box))
        return True

    def _change(self, chain: Chain) -> None:
        self._chain = chain
        self._paint()
        self._on_change(chain)

    def _paint(self) -> None:
        canvas = self._picture.copy()
        for region in self._chain.boxes:
            color = COLORS[region.color] if region.color in COLORS else (230, 230, 230)
            thick = 3 if region.id == self.selected else 2
            left, top, wide, high = (round(value) for value in self._frame.to_screen(region.box))
            outline(canvas, (left - 1, top - 1, wide + 2, high + 2), (0, 0, 0), thick + 2, dashed=False)
            outline(canvas, (left, top, wide, high), color, thick, dashed=not region.is_mask)
            is_selected = region.id == self.selected
            inset = HANDLE // 2 if is_selected else 0  # next to the handle
            _badge(canvas, round(left + inset), round(top + inset), str(region.id + 1), color)
            if is_selected:
                for x, y in self._frame.handles(region.box).values():
                    _knob(canvas, x, y)
        self._image.set_from_pixbuf(canvas)


def outline(picture: GdkPixbuf.Pixbuf, place: Rectangle, color: tuple[int, int, int], thick: int, dashed: bool) -> None:
    """Paints the outline of a rectangle, inside the rectangle."""
    x, y, wide, high = place
    for left, top, right, bottom in (
        (x, y, x + wide, y + thick),
        (x, y + high - thick, x + wide, y + high),
        (x, y, x + thick, y + high),
        (x + wide - thick, y, x + wide, y + high),
    ):
        along = range(left, right, 2 * _DASH) if right - left > bottom - top else range(top, bottom, 2 * _DASH)
        if not dashed:
            fill(picture, left, top, right, bottom, color)
        elif right - left > bottom - top:
            for at in along:
                fill(picture, at, top, min(at + _DASH, right), bottom, color)
        else:
            for at in along:
                fill(picture, left, at, right, min(at + _DASH, bottom), color)


def fill(picture: GdkPixbuf.Pixbuf, left: int, top: int, right: int, bottom: int, color: tuple[int, int, int]) -> None:
    """Fills the part of the rectangle that is inside the picture."""
    left, top = max(0, left), max(0, top)
    right, bottom = min(picture.get_width(), right), min(picture.get_height(), bottom)
    if right > left and bottom > top:
        red, green, blue = color
        part = picture.new_subpixbuf(left, top, right - left, bottom - top)
        part.fill(red << 24 | green << 16 | blue << 8 | 255)


def _badge(picture: GdkPixbuf.Pixbuf, x: int, y: int, number: str, color: tuple[int, int, int]) -> None:
    """Paints the box's number in its corner, in black or white, whichever has more contrast."""
    fill(picture, x, y, x + 6 + 8 * len(number), y + 16, color)
    ink = (0, 0, 0) if 0.3 * color[0] + 0.6 * color[1] + 0.1 * color[2] > 140 else (255, 255, 255)
    for place, digit in enumerate(number):
        for row, bits in enumerate(_DIGITS[digit]):
            for column in range(3):
                if int(bits) >> (2 - column) & 1:
                    left, top = x + 4 + 8 * place + 2 * column, y + 3 + 2 * row
                    fill(picture, left, top, left + 2, top + 2, ink)


def _knob(picture: GdkPixbuf.Pixbuf, x: float, y: float) -> None:
    half = round(HANDLE / 2)
    at = (round(x) - half, round(y) - half, round(x) + half, round(y) + half)
    fill(picture, *at, (0, 0, 0))
    fill(picture, at[0] + 1, at[1] + 1, at[2] - 1, at[3] - 1, (255, 255, 255))
