"""The dialogs of Edit with instruction… and Generate…. They stay open until the result is in GIMP."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import gi

gi.require_version("GimpUi", "3.0")
gi.require_version("Gtk", "3.0")
gi.require_version("Gdk", "3.0")

from gi.repository import Gimp, GimpUi, Gtk  # noqa: E402

from engine.api import language  # noqa: E402
from engine.api.chain import Chain  # noqa: E402
from engine.api.errors import Cancelled, EngineError  # noqa: E402
from engine.api.language import translate  # noqa: E402
from engine.api.protocol import EditOptions, Event, GenerateOptions, Token  # noqa: E402
from plugins.common.session import Session  # noqa: E402
from plugins.common.words import plan_line, progress, region_line  # noqa: E402
from plugins.gimp import arguments, work  # noqa: E402
from plugins.gimp.picture import Capture  # noqa: E402
from plugins.gimp.pixels import pixbuf  # noqa: E402
from plugins.gimp.preview import Preview  # noqa: E402

T = TypeVar("T")
_BLANK, _BLANK_SIDE = b"\xee\xee\xee\xff", 512
"""Background for the boxes of a new picture, and the side in pixels to assume where the model chooses it."""


def edit_dialog(session: Session, procedure: Gimp.Procedure, config: Gimp.ProcedureConfig, capture: Capture) -> str:
    """Shows the dialog until the layer is in the image. Returns the chain. Raises Cancelled if the user closes it."""
    dialog = _Dialog(session, procedure, config, translate("_Apply"), capture)

    def apply() -> str:
        outcome, result = work.edit(session, capture, config, dialog.chain.text, dialog.on_event)
        work.insert_layer(capture, config, result)
        work.show_notes(capture, outcome)
        return outcome.chain

    return dialog.run(apply)


def generate_dialog(
    session: Session, procedure: Gimp.Procedure, config: Gimp.ProcedureConfig
) -> tuple[Gimp.Image, str]:
    """Shows the dialog until there is a new image. Returns it and its chain. Raises Cancelled if the user closes it."""
    dialog = _Dialog(session, procedure, config, translate("_Draw"), None)

    def draw() -> tuple[Gimp.Image, str]:
        return work.generate(session, config, dialog.chain.text, dialog.on_event)

    return dialog.run(draw)


class _Dialog:
    """GIMP's dialog of a procedure, extended by preview, chain and progress."""

    def __init__(
        self,
        session: Session,
        procedure: Gimp.Procedure,
        config: Gimp.ProcedureConfig,
        apply: str,
        capture: Capture | None,
    ) -> None:
        GimpUi.init("got_gimp")
        self.session, self._config, self._capture = session, config, capture
        self.chain = Chain("")
        self._is_planning = False  # the model is writing the chain
        self._is_closed = False
        title = translate("Edit with instruction") if capture else translate("Generate")
        self._dialog = GimpUi.ProcedureDialog(procedure=procedure, config=config, title=title)
        self._dialog.set_ok_label(apply)
        self._button_name = apply.replace("_", "")
        self._dialog.connect("response", self._on_response)
        kind = EditOptions if capture else GenerateOptions
        first = ["instruction", *arguments.names(kind, first=True)]
        more = ["model", "adapter", *arguments.names(kind, first=False)]
        self._option_boxes = [self._dialog.fill_box("got-first", first), self._dialog.fill_box("got-more", more)]
        self._make_widgets()
        self._lay_out()

    def run(self, apply: Callable[[], T]) -> T:
        """Shows the dialog until `apply` succeeds, and returns its result."""
        try:
            while self._dialog.run():
                try:
                    return self._busy(apply, planning=not self.chain.text)
                except EngineError as error:
                    if self._is_closed or error.code == "image_changed":
                        raise
                    self._say(language.sentence(error))
            raise Cancelled()
        finally:
            self._dialog.destroy()

    def on_event(self, event: Event) -> None:
        """Shows the progress of the work."""
        if isinstance(event, Token) and self._is_planning:
            self._set_chain(Chain(self.chain.text + event.text))
        line = progress(event)
        if line is None:
            return
        self._bar.set_text(line.text)
        if line.part is None:
            self._bar.pulse()
        else:
            self._bar.set_fraction(line.part)

    # widgets

    def _make_widgets(self) -> None:
        capture = self._capture
        size = capture.area[2:] if capture else (_BLANK_SIDE, _BLANK_SIDE)
        behind = pixbuf(capture.pixels, *size) if capture else pixbuf(_BLANK, 1, 1)
        self._preview = Preview(behind, *size, self._set_chain)
        self._plan_button = Gtk.Button(label=translate("_Plan"), use_underline=True)
        self._plan_button.set_tooltip_text(translate("Write the plan and show its boxes; nothing is drawn yet"))
        self._plan_button.connect("clicked", lambda button: self._plan())
        self._cancel_button = Gtk.Button(label=translate("Ca_ncel job"), use_underline=True, sensitive=False)
        self._cancel_button.set_tooltip_text(translate("Cancel the running plan or edit; the dialog stays open"))
        self._cancel_button.connect("clicked", lambda button: self.session.cancel())
        self._bar = Gtk.ProgressBar(show_text=True)
        self._bar.set_text("")
        self._message = Gtk.Label(wrap=True, xalign=0.0, max_width_chars=60)
        if capture:
            self._message.set_text(" ".join(map(language.note, capture.notes)))
        self._text = Gtk.TextView(wrap_mode=Gtk.WrapMode.WORD_CHAR, left_margin=6, right_margin=6, top_margin=4)
        self._text.get_accessible().set_name(translate("Text of the plan"))
        self._text_handler = self._text.get_buffer().connect("changed", lambda buffer: self._on_text_changed())
        self._boxes = Gtk.Label(xalign=0.0, selectable=True)

    def _lay_out(self) -> None:
        scroll = Gtk.ScrolledWindow(min_content_height=90, shadow_type=Gtk.ShadowType.IN)
        scroll.add(self._text)
        actions = Gtk.Box(spacing=6)
        actions.pack_start(self._plan_button, False, False, 0)
        actions.pack_start(self._bar, True, True, 0)
        actions.pack_start(self._cancel_button, False, False, 0)
        self._bar.set_valign(Gtk.Align.CENTER)
        more = Gtk.Expander(label=translate("_More"), use_underline=True)
        more.add(self._option_boxes[1])
        column = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=6, border_width=12)
        parts = (self._option_boxes[0], actions, self._message, self._preview.widget, self._boxes, scroll, more)
        for part in parts:
            column.pack_start(part, part is scroll, part is scroll, 0)
        column.show_all()
        self._dialog.get_content_area().pack_start(column, True, True, 0)
        self._dialog.set_default_size(480, -1)

    # actions

    def _plan(self) -> None:
        def plan() -> str:
            return work.plan(self.session, self._capture, self._config, self.on_event)

        self._set_chain(Chain(""))
        if self._capture is None:
            sides = [self._config.get_property(side) or _BLANK_SIDE for side in ("width", "height")]
            self._preview.show_picture(pixbuf(_BLANK, 1, 1), *sides)
        try:
            self._set_chain(Chain(self._busy(plan, planning=True)))
            self._say(
                translate("Check the boxes, correct them if needed, then press {button}.", button=self._button_name)
            )
        except EngineError as error:
            self._say(language.sentence(error))

    def _busy(self, work: Callable[[], T], planning: bool) -> T:
        """Does the work with everything but Cancel job disabled."""
        self._is_planning = planning
        self._say("")
        self._switch(False)
        try:
            return work()
        finally:
            self._switch(True)
            self._bar.set_text("")
            self._bar.set_fraction(0.0)

    def _switch(self, on: bool) -> None:
        for widget in (*self._option_boxes, self._plan_button, self._text):
            widget.set_sensitive(on)
        self._dialog.set_response_sensitive(Gtk.ResponseType.OK, on)
        self._cancel_button.set_sensitive(not on)

    def _on_response(self, dialog: Gtk.Dialog, response: Gtk.ResponseType) -> None:
        if response != Gtk.ResponseType.OK:
            self._is_closed = True
            self.session.cancel()  # the running work ends, and with it the dialog

    def _on_text_changed(self) -> None:
        buffer = self._text.get_buffer()
        text = buffer.get_text(buffer.get_start_iter(), buffer.get_end_iter(), True)
        if text != self.chain.text:
            self._set_chain(Chain(text))

    def _set_chain(self, chain: Chain) -> None:
        self.chain = chain
        buffer = self._text.get_buffer()
        if buffer.get_text(buffer.get_start_iter(), buffer.get_end_iter(), True) != chain.text:
            with buffer.handler_block(self._text_handler):  # the user did not type this
                buffer.set_text(chain.text)
        lines = [region_line(region) for region in chain.boxes]
        warning = "" if self.session.busy else plan_line(chain, edit=self._capture is not None)
        self._boxes.set_text("\n".join([*lines, warning] if warning else lines))
        self._preview.show_chain(chain)

    def _say(self, words: str) -> None:
        self._message.set_text(words)
