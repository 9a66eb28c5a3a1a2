"""The dialogs of Edit with instruction… and Generate…. They stay open until the result is in GIMP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import gi

gi.require_version("GimpUi", "3.0")
gi.require_version("Gtk", "3.0")
gi.require_version("Gdk", "3.0")

from gi.repository import Gdk, Gimp, GimpUi, GLib, Gtk  # noqa: E402

from engine.api import language  # noqa: E402
from engine.api.advice import is_drawable  # noqa: E402
from engine.api.chain import Chain  # noqa: E402
from engine.api.errors import Cancelled, EngineError  # noqa: E402
from engine.api.language import translate  # noqa: E402
from engine.api.origin import Origin, Task  # noqa: E402
from engine.api.protocol import EditOptions, Event, GenerateOptions, Token  # noqa: E402
from plugins.common.session import Session  # noqa: E402
from plugins.common.words import plan_line, progress  # noqa: E402
from plugins.gimp import picture, work  # noqa: E402
from plugins.gimp.fields import Fields  # noqa: E402
from plugins.gimp.layout import Parts, lay_out  # noqa: E402
from plugins.gimp.picture import Capture  # noqa: E402
from plugins.gimp.pixels import pixbuf  # noqa: E402
from plugins.gimp.work import Drawing  # noqa: E402

T = TypeVar("T")
_BLANK, _BLANK_SIDE = b"\xee\xee\xee\xff", 512
"""Background for the boxes of a new picture, and the side in pixels to assume where the model chooses it."""
_ENTER = (Gdk.KEY_Return, Gdk.KEY_KP_Enter)


def edit_dialog(session: Session, procedure: Gimp.Procedure, config: Gimp.ProcedureConfig, capture: Capture) -> str:
    """Shows the dialog until the layer is in the image. Returns the chain. Raises Cancelled if the user closes it."""
    title = translate("Edit with instruction – {image}", image=capture.image.get_name())
    dialog = _Dialog(session, procedure, config, title, translate("_Apply"), capture)

    def draw(words: str, chain: str) -> Drawing:
        return work.edit(session, picture.again(capture), config, words, chain, dialog.on_event)

    def take(drawing: Drawing, number: int) -> str:
        work.insert_layers(drawing, [drawing.results[number]])
        return drawing.outcome.chain

    return dialog.run(draw, take)


def generate_dialog(
    session: Session, procedure: Gimp.Procedure, config: Gimp.ProcedureConfig
) -> tuple[Gimp.Image, str]:
    """Shows the dialog until there is a new image. Returns it and its chain. Raises Cancelled if the user closes it."""
    dialog = _Dialog(session, procedure, config, translate("Generate"), translate("_Draw"), None)

    def draw(words: str, chain: str) -> Drawing:
        return work.generate(session, config, words, chain, dialog.on_event)

    def take(drawing: Drawing, number: int) -> tuple[Gimp.Image, str]:
        return work.new_image(drawing, [drawing.results[number]]), drawing.outcome.chain

    return dialog.run(draw, take)


class _Dialog:
    """GIMP's dialog of a procedure, with fields, preview, plan, progress and candidates of our own."""

    def __init__(
        self,
        session: Session,
        procedure: Gimp.Procedure,
        config: Gimp.ProcedureConfig,
        title: str,
        apply: str,
        capture: Capture | None,
    ) -> None:
        GimpUi.init("got_gimp")
        self.session, self._config, self._capture, self._apply_label = session, config, capture, apply
        config.set_property("chain", "")  # a repeated filter plans for the picture that it is repeated on
        self.chain, self._origin = Chain(""), Origin()
        self._drawing: Drawing | None = None
        """The candidates to choose from."""
        self._is_busy = self._is_planning = self._is_cancelled = self._is_closed = False
        self._dialog = GimpUi.ProcedureDialog(procedure=procedure, config=config, title=title)
        self._fields = Fields(config, EditOptions if capture else GenerateOptions)
        self._parts = Parts(
            plan=self._plan,
            cancel=self._cancel,
            take=lambda: self._dialog.response(Gtk.ResponseType.OK),
            choose=self._show_choice,
            change_text=lambda text: self._user_changes(Chain(text)),
            change_chain=self._user_changes,
        )
        lay_out(self._dialog, self._fields, self._parts)
        if capture:
            self._say(" ".join(map(language.note, capture.notes)))
        self._show_picture()
        self._show_primary()
        self._fields.on_change("instruction", self._show_primary)
        self._dialog.connect("response", self._on_response)
        self._dialog.connect("key-press-event", self._on_key)
        self._dialog.connect("delete-event", self._on_delete)

    def run(self, draw: Callable[[str, str], Drawing], take: Callable[[Drawing, int], T]) -> T:
        """Shows the dialog until a result is taken, and returns what `take` returns.

        `draw` gets the words and the chain, `take` the drawing and the number of its candidate.
        """
        work.read_catalog(self.session, lambda catalog: self._fields.show_catalog(*catalog))
        try:
            while self._dialog.run():
                try:
                    number = self._parts.strip.chosen
                    if self._drawing is None or number is None:
                        number = self._draw(draw)
                    if self._drawing is not None and number is not None:
                        return take(self._drawing, number)
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
        if line is not None:
            self._parts.show_progress(line)

    # actions

    def _plan(self) -> None:
        if self._is_busy:
            return

        def plan() -> tuple[str, Origin]:
            return work.plan(self.session, self._capture, self._config, self.on_event)

        try:
            text, self._origin = self._busy(plan, planning=True)
            self._set_chain(Chain(text))
            button = self._apply_label.replace("_", "")
            self._say(translate("Check the boxes, correct them if needed, then press {button}.", button=button))
        except EngineError as error:
            self._say(language.sentence(error))
        self._show_primary()

    def _draw(self, draw: Callable[[str, str], Drawing]) -> int | None:
        """Draws. Returns the candidate to take; None if the user has to decide first. Raises EngineError."""
        words = self._words()
        if words is None:
            return None
        planning = not self.chain.text
        self._drawing = self._busy(lambda: draw(words, self.chain.text), planning)
        if planning:
            self._origin = work.origin_of(words, self._config, self._capture is not None)
        self._set_chain(Chain(self._drawing.outcome.chain))
        if len(self._drawing.results) == 1:
            return 0
        self._parts.strip.show(self._drawing.results)
        count = len(self._drawing.results)
        self._say(translate("Choose one of the {count} candidates.", count=count))
        return None

    def _words(self) -> str | None:
        """The words to draw with. If the plan answers other ones than the field has, the user decides."""
        written = self._config.get_property("instruction")
        if not self.chain.text:
            return written
        if self._origin.answers(self._task, written):
            return self._origin.words(written)
        answer = _ask_which_plan(self._dialog, self._origin.instruction)
        if answer == Gtk.ResponseType.ACCEPT:
            return self._origin.words(written)
        if answer == Gtk.ResponseType.APPLY:
            self._plan()
        return None

    @property
    def _task(self) -> Task:
        return "edit" if self._capture else "text_to_image"

    def _busy(self, work: Callable[[], T], planning: bool) -> T:
        """Does the work with everything but Cancel job disabled. Raises EngineError."""
        self._is_planning = planning
        self._is_cancelled = False
        self._say("")
        self._parts.strip.choose(None)
        self._switch(busy=True)
        if planning:
            self._set_chain(Chain(""))
            self._show_picture()
        try:
            while self.session.busy:  # it reads the list of models
                GLib.MainContext.default().iteration(True)
            if self._is_cancelled:
                raise Cancelled()
            return work()
        finally:
            self._is_planning = False
            self._switch(busy=False)
            self._set_chain(self.chain)

    def _switch(self, busy: bool) -> None:
        self._is_busy = busy
        self._fields.set_sensitive(not busy)
        self._parts.switch(busy)

    @property
    def _everywhere(self) -> bool:
        """Whether the whole picture may change."""
        return self._capture is None or self._config.get_property("scope") == "whole"

    def _cancel(self) -> None:
        if self._is_busy:
            self._is_cancelled = True
            self.session.cancel()
            self._say(translate("Cancelling"))

    # events

    def _on_response(self, dialog: Gtk.Dialog, response: Gtk.ResponseType) -> None:
        if response in (Gtk.ResponseType.CANCEL, Gtk.ResponseType.DELETE_EVENT):
            self._is_closed = True
            self._cancel()  # the running work ends, and with it the dialog

    def _on_delete(self, dialog: Gtk.Dialog, event: Gdk.Event) -> bool:
        return self._is_busy  # GTK would destroy the window before the work has ended

    def _on_key(self, dialog: Gtk.Dialog, event: Gdk.EventKey) -> bool:
        """The keys of the whole dialog, before those of the widget that has the focus."""
        control = bool(event.state & Gdk.ModifierType.CONTROL_MASK)
        if event.keyval in _ENTER and control:
            if event.state & Gdk.ModifierType.SHIFT_MASK and not self._is_busy:
                dialog.response(Gtk.ResponseType.OK)
            elif not event.state & Gdk.ModifierType.SHIFT_MASK:
                self._plan()
            return True
        if event.keyval == Gdk.KEY_Escape and self._is_busy:
            self._cancel()
            return True
        writes = isinstance(dialog.get_focus(), (Gtk.Entry, Gtk.TextView))
        number = event.keyval - Gdk.KEY_1
        if self._drawing and not writes and not control and 0 <= number < len(self._drawing.results):
            self._parts.strip.choose(number)
            return True
        return False

    def _user_changes(self, chain: Chain) -> None:
        """Sets the plan that the user corrected. A new one is written by hand, and answers what the field says."""
        if not chain.text:
            self._origin = Origin()
        self._parts.strip.choose(None)  # Apply draws the plan, and does not take a candidate of another one
        self._set_chain(chain)
        self._show_primary()

    # display

    def _set_chain(self, chain: Chain) -> None:
        self.chain = chain
        origin = replace(self._origin, task=self._task)
        self._parts.show_chain(chain, "" if self._is_busy else plan_line(chain, origin, self._everywhere))
        can_apply = not chain.text or is_drawable(chain, origin, self._everywhere)
        self._dialog.set_response_sensitive(Gtk.ResponseType.OK, can_apply and not self._is_busy)

    def _show_picture(self) -> None:
        """Shows the picture that is edited, or an empty one, behind the boxes."""
        preview = self._parts.preview
        if self._capture:
            size = self._capture.area[2:]
            preview.show_picture(pixbuf(self._capture.pixels, *size), *size)
            return
        sides = [self._config.get_property(side) for side in ("width", "height")]
        width, height = (side if side > 0 else _BLANK_SIDE for side in sides)
        preview.show_picture(pixbuf(_BLANK, 1, 1), width, height)

    def _show_choice(self) -> None:
        """Shows the chosen candidate in the preview, or else the plan's boxes."""
        number = self._parts.strip.chosen
        if self._drawing is None or number is None:
            self._show_picture()
            self._parts.preview.show_chain(self.chain)
        else:
            result = self._drawing.results[number]
            size = (result.width, result.height)
            self._parts.preview.show_chain(Chain(""))
            self._parts.preview.show_picture(pixbuf(result.whole, *size), *size)
        self._show_primary()

    def _show_primary(self) -> None:
        """Marks the next action: to plan, unless there is a plan that answers the field."""
        takes = self._parts.strip.chosen is not None
        take_label = translate("_Add layer") if self._capture else translate("_Open picture")
        self._dialog.set_ok_label(take_label if takes else self._apply_label)
        apply = self._dialog.get_widget_for_response(Gtk.ResponseType.OK)
        written = self._config.get_property("instruction")
        plans = not takes and (not self.chain.text or not self._origin.answers(self._task, written))
        for button, is_primary in ((self._parts.plan_button, plans), (apply, not plans)):
            style = button.get_style_context()
            (style.add_class if is_primary else style.remove_class)(Gtk.STYLE_CLASS_SUGGESTED_ACTION)
        primary = self._parts.plan_button if plans else apply
        primary.set_can_default(True)
        self._dialog.set_default(primary)

    def _say(self, words: str) -> None:
        self._parts.message.set_text(words)


def _ask_which_plan(parent: Gtk.Window, words: str) -> int:
    """ACCEPT: draw the plan. APPLY: plan again. Any other: neither."""
    line = words if len(words) <= 80 else words[:79] + "…"
    question = Gtk.MessageDialog(
        transient_for=parent,
        modal=True,
        title="GoT",
        message_type=Gtk.MessageType.QUESTION,
        text=translate("Draw the plan for “{words}”, or plan again?", words=line),
        secondary_text=translate("The plan answers another text than the field has now."),
    )
    question.add_button(translate("_Cancel"), Gtk.ResponseType.CANCEL)
    question.add_button(translate("_Draw this plan"), Gtk.ResponseType.ACCEPT)
    question.add_button(translate("_Plan again"), Gtk.ResponseType.APPLY)
    question.set_default_response(Gtk.ResponseType.APPLY)
    try:
        return question.run()
    finally:
        question.destroy()
