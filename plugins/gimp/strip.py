"""The strip of candidates to choose from."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gi.repository import GdkPixbuf, Gtk

from engine.api.language import translate
from plugins.gimp.pixels import Result, pixbuf

_SIDE = 76
"""Longer side of a thumbnail in screen pixels."""


class Strip:
    """`widget` shows the candidates; at most one is chosen. Double-click or Enter calls `on_take`."""

    def __init__(self, on_choice: Callable[[], None], on_take: Callable[[], None]) -> None:
        self._flow = Gtk.FlowBox(
            max_children_per_line=4, homogeneous=True, activate_on_single_click=False, no_show_all=True
        )
        self._flow.get_accessible().set_name(translate("Candidates"))
        self._flow.connect("selected-children-changed", lambda flow: on_choice())
        self._flow.connect("child-activated", lambda flow, child: on_take())
        self.widget: Gtk.Widget = self._flow

    @property
    def chosen(self) -> int | None:
        """The number of the chosen candidate."""
        children = self._flow.get_selected_children()
        return children[0].get_index() if children else None

    @property
    def count(self) -> int:
        return len(self._flow.get_children())

    def show(self, results: Sequence[Result]) -> None:
        """Shows other candidates; the first one is chosen."""
        self._flow.foreach(self._flow.remove)
        for result in results:
            cell = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=2)
            cell.add(Gtk.Image.new_from_pixbuf(_thumbnail(result)))
            cell.add(Gtk.Label(label=translate("seed {seed}", seed=result.seed)))
            cell.show_all()
            self._flow.add(cell)
        self._flow.show()
        self.choose(0)

    def choose(self, number: int | None) -> None:
        """Chooses a candidate, or none."""
        child = None if number is None else self._flow.get_child_at_index(number)
        if child is None:
            self._flow.unselect_all()
        else:
            self._flow.select_child(child)
            child.grab_focus()


def _thumbnail(result: Result) -> GdkPixbuf.Pixbuf:
    scale = _SIDE / max(result.width, result.height)
    size = (max(1, round(result.width * scale)), max(1, round(result.height * scale)))
    return pixbuf(result.whole, result.width, result.height).scale_simple(*size, GdkPixbuf.InterpType.BILINEAR)
