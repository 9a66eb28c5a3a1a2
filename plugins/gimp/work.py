"""The work of the procedures, for dialogs and scripts. Only in the plug-in's main thread."""

from __future__ import annotations

from collections.abc import Callable

from gi.repository import Gimp

from engine.api import language
from engine.api.errors import ImageError
from engine.api.launch import Engine
from engine.api.options import with_values
from engine.api.protocol import Event
from plugins.common import jobs
from plugins.common.jobs import Callbacks, Outcome, Settings
from plugins.common.session import Session
from plugins.common.words import layer_name
from plugins.gimp import arguments, picture, pixels
from plugins.gimp.picture import Capture
from plugins.gimp.waiting import wait

Config = Gimp.ProcedureConfig


def plan(session: Session, capture: Capture | None, config: Config, on_event: Callable[[Event], None]) -> str:
    """Plans an edit, or without a capture a new picture. Returns the chain. Raises EngineError."""
    instruction, settings = config.get_property("instruction"), settings_of(config)

    def work(engine: Engine, callbacks: Callbacks) -> str:
        return jobs.plan(engine, callbacks, instruction, _png(capture) if capture else None, settings)

    return wait(session, work, on_event)


def edit(
    session: Session, capture: Capture, config: Config, chain: str, on_event: Callable[[Event], None]
) -> tuple[Outcome, pixels.Result]:
    """Draws the chain, or plans first if it is empty. Raises EngineError."""
    instruction, settings = config.get_property("instruction"), settings_of(config)

    def work(engine: Engine, callbacks: Callbacks) -> tuple[Outcome, pixels.Result]:
        outcome = jobs.edit(engine, callbacks, instruction, _png(capture), chain or None, settings)
        return outcome, pixels.result(outcome.candidates[0], capture.pixels, capture.selection)

    return wait(session, work, on_event)


def generate(session: Session, config: Config, chain: str, on_event: Callable[[Event], None]) -> tuple[Gimp.Image, str]:
    """Draws a new picture: (new image, drawn chain). Raises EngineError."""
    caption, settings = config.get_property("instruction"), settings_of(config)

    def work(engine: Engine, callbacks: Callbacks) -> tuple[Outcome, pixels.Result]:
        outcome = jobs.generate(engine, callbacks, caption, chain or None, settings)
        return outcome, pixels.result(outcome.candidates[0])

    outcome, result = wait(session, work, on_event)
    return picture.new_image(layer_name(caption), result.width, result.height, result.rgba), outcome.chain


def insert_layer(capture: Capture, config: Config, result: pixels.Result) -> None:
    """Inserts the layer. If the image has changed in the meantime, the result becomes a new image.

    In that case raises ImageError, whose text contains the new image's ID for scripts.
    """
    name = layer_name(config.get_property("instruction"))
    problem = capture.problem()
    if problem is None:
        picture.insert(capture, name, result.rgba, result.mask)
        return
    image = picture.new_image(name, result.width, result.height, result.whole)
    raise ImageError(
        "image_changed",
        "{problem}",
        "The result was opened as a new image (ID {id})."
        if picture.show(image)
        else "The result is a new image that is not shown (ID {id}).",
        problem=problem,
        id=image.get_id(),
    )


def show_notes(capture: Capture, outcome: Outcome) -> None:
    """Shows the notes on a capture and a result."""
    notes = (*capture.notes, *outcome.notes)
    if notes:
        Gimp.message("GoT: " + " ".join(map(language.note, notes)))


def settings_of(config: Config) -> Settings:
    """The render settings of a procedure. One that only plans has no drawing options."""
    settings = Settings(model=config.get_property("model"), adapter=config.get_property("adapter") or None)
    return with_values(settings, arguments.read(config, Settings))


def _png(capture: Capture) -> bytes:
    return pixels.png(capture.pixels, *capture.area[2:])
