"""The dialog's own widgets below its fields, and where they are."""

from __future__ import annotations

from collections.abc import Callable

from gi.repository import Gtk, Pango

from engine.api.chain import Chain
from engine.api.language import translate
from plugins.common.words import Progress
from plugins.gimp.box_list import BoxList
from plugins.gimp.fields import Fields
from plugins.gimp.preview import Preview
from plugins.gimp.strip import Strip

_MORE_HEIGHT = 190
"""Pixels of the fields under More, which scroll: the dialog stays below 700 pixels."""


class Parts:
    """Plan and Cancel job, progress, message, preview, boxes, the plan's text and the candidates."""

    def __init__(
        self,
        *,
        plan: Callable[[], None],
        cancel: Callable[[], None],
        take: Callable[[], None],
        choose: Callable[[], None],
        change_text: Callable[[str], None],
        change_chain: Callable[[Chain], None],
    ) -> None:
        """What happens when the user plans, cancels, takes or chooses a candidate, types a plan or changes a box."""
        self._change_text = change_text
        self.plan_button = Gtk.Button(label=translate("_Plan"), use_underline=True)
        self.plan_button.set_tooltip_text(
            translate("Write the plan and show its boxes; nothing is drawn yet (Ctrl+Enter)")
        )
        self.plan_button.connect("clicked", lambda button: plan())
        self.cancel_button = Gtk.Button(label=translate("Ca_ncel job"), use_underline=True, sensitive=False)
        self.cancel_button.set_tooltip_text(translate("Cancel the running plan or edit; the dialog stays open (Esc)"))
        self.cancel_button.connect("clicked", lambda button: cancel())
        self.bar = Gtk.ProgressBar(show_text=True, text="", valign=Gtk.Align.CENTER, ellipsize=Pango.EllipsizeMode.END)
        self.message = Gtk.Label(wrap=True, xalign=0.0, max_width_chars=46)
        self.preview = Preview(change_chain, self._show_selected)
        self.boxes = BoxList(self.preview.select, self.preview.delete_selected)
        self.warning = Gtk.Label(wrap=True, xalign=0.0, max_width_chars=46, no_show_all=True)
        self.text = Gtk.TextView(wrap_mode=Gtk.WrapMode.WORD_CHAR, left_margin=6, right_margin=6, top_margin=4)
        self.text.get_accessible().set_name(translate("Text of the plan"))
        self._text_handler = self.text.get_buffer().connect("changed", self._on_text)
        self.strip = Strip(choose, take)
        self._chain = Chain("")

    def show_progress(self, line: Progress) -> None:
        self.bar.set_text(line.text)
        if line.part is None:
            self.bar.pulse()
        else:
            self.bar.set_fraction(line.part)

    def show_chain(self, chain: Chain, warning: str) -> None:
        """Shows a plan and what the user should know about it. With a chosen candidate the preview shows that one."""
        self._chain = chain
        buffer = self.text.get_buffer()
        if self._written() != chain.text:
            with buffer.handler_block(self._text_handler):  # the user did not type this
                buffer.set_text(chain.text)
        if self.strip.chosen is None:
            self.preview.show_chain(chain)
        self._show_selected()
        self.warning.set_text(warning)
        self.warning.set_visible(bool(warning))

    def switch(self, busy: bool) -> None:
        """While the engine works, everything but Cancel job is disabled."""
        for widget in (self.plan_button, self.text, self.boxes.widget, self.strip.widget):
            widget.set_sensitive(not busy)
        self.preview.is_locked = busy
        self.cancel_button.set_sensitive(busy)
        self.bar.set_text("")
        self.bar.set_fraction(0.0)

    def _show_selected(self) -> None:
        self.boxes.show_chain(self._chain, self.preview.selected)

    def _written(self) -> str:
        buffer = self.text.get_buffer()
        return buffer.get_text(buffer.get_start_iter(), buffer.get_end_iter(), True)

    def _on_text(self, buffer: Gtk.TextBuffer) -> None:
        if self._written() != self._chain.text:
            self._change_text(self._written())


def lay_out(dialog: Gtk.Dialog, fields: Fields, parts: Parts) -> None:
    """Fields and plan on the left, picture and candidates on the right."""
    actions = Gtk.Box(spacing=6)
    actions.pack_start(parts.plan_button, False, False, 0)
    actions.pack_start(parts.bar, True, True, 0)
    actions.pack_start(parts.cancel_button, False, False, 0)
    text = Gtk.ScrolledWindow(min_content_height=110, shadow_type=Gtk.ShadowType.IN)
    text.add(parts.text)
    options = Gtk.ScrolledWindow(hscrollbar_policy=Gtk.PolicyType.NEVER, min_content_height=_MORE_HEIGHT)
    options.add(fields.more)
    more = Gtk.Expander(label=translate("_More"), use_underline=True)
    more.add(options)
    left = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6)
    for part in (fields.first, actions, parts.message, parts.boxes.widget, parts.warning, text, more):
        left.pack_start(part, part is text, True, 0)
    right = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6)
    right.pack_start(parts.preview.widget, False, False, 0)
    right.pack_start(parts.strip.widget, False, False, 0)
    columns = Gtk.Box(spacing=12, border_width=12)
    columns.pack_start(left, True, True, 0)
    columns.pack_start(right, False, False, 0)
    columns.show_all()
    dialog.get_content_area().pack_start(columns, True, True, 0)
    dialog.set_default_size(840, -1)
