"""The list of a plan's boxes; its selection is the preview's."""

from __future__ import annotations

from collections.abc import Callable

from gi.repository import Gdk, Gtk, Pango

from engine.api.chain import Chain
from engine.api.language import translate
from plugins.common.words import region_line


class BoxList:
    """`widget` shows the list. Up and Down select a box, Del deletes the selected one."""

    def __init__(self, on_select: Callable[[int | None], None], on_delete: Callable[[], None]) -> None:
        self._on_select, self._on_delete = on_select, on_delete
        self._lines: list[str] = []
        self._list = Gtk.ListBox(selection_mode=Gtk.SelectionMode.SINGLE)
        self._list.get_accessible().set_name(translate("Boxes"))
        self._handler = self._list.connect("row-selected", lambda list, row: on_select(row and row.get_index()))
        self._list.connect("key-press-event", self._on_key)
        self.widget = Gtk.ScrolledWindow(
            max_content_height=96, propagate_natural_height=True, shadow_type=Gtk.ShadowType.IN, no_show_all=True
        )
        self.widget.add(self._list)
        self._list.show()

    def show_chain(self, chain: Chain, selected: int | None) -> None:
        """Shows the boxes of the chain. The list is hidden if there are none."""
        lines = [region_line(region) for region in chain.boxes]
        with self._list.handler_block(self._handler):
            if lines != self._lines:
                self._lines = lines
                self._list.foreach(self._list.remove)
                for line in lines:
                    label = Gtk.Label(label=line, xalign=0.0, margin_start=6, ellipsize=Pango.EllipsizeMode.END)
                    label.set_tooltip_text(line)
                    self._list.add(label)
                self._list.show_all()
            self._list.select_row(None if selected is None else self._list.get_row_at_index(selected))
        self.widget.set_visible(bool(lines))

    def _on_key(self, list: Gtk.ListBox, event: Gdk.EventKey) -> bool:
        if event.keyval not in (Gdk.KEY_Delete, Gdk.KEY_KP_Delete):
            return False
        self._on_delete()
        return True
