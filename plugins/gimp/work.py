"""The work of the procedures, whether a dialog or a script asks for it. Only in the plug-in's main thread."""

from __future__ import annotations

from collections.abc import Callable

from gi.repository import Gimp

from engine.api import language
from engine.api.errors import ImageError
from engine.api.launch import Engine
from engine.api.options import with_values
from engine.api.protocol import Event
from plugins.common import jobs
from plugins.common.jobs import Drawn, Heard, Settings
from plugins.common.session import Session
from plugins.common.words import layer_name
from plugins.gimp import arguments, picture, pixels
from plugins.gimp.picture import Capture
from plugins.gimp.waiting import wait

Config = Gimp.ProcedureConfig


def plan(session: Session, captured: Capture | None, config: Config, heard: Callable[[Event], None]) -> str:
    """The chain's text, for an edit or without a capture for a new picture. Raises EngineError."""
    instruction, settings = config.get_property("instruction"), settings_of(config)

    def work(engine: Engine, told: Heard) -> str:
        return jobs.plan(engine, told, instruction, _png(captured) if captured else None, settings)

    return wait(session, work, heard)


def edit(
    session: Session, captured: Capture, config: Config, chain: str, heard: Callable[[Event], None]
) -> tuple[Drawn, pixels.Result]:
    """Draws the chain, or where it is empty plans first. Raises EngineError."""
    instruction, settings = config.get_property("instruction"), settings_of(config)

    def work(engine: Engine, told: Heard) -> tuple[Drawn, pixels.Result]:
        drawn = jobs.edit(engine, told, instruction, _png(captured), chain or None, settings)
        return drawn, pixels.result(drawn.candidates[0], captured.selection)

    return wait(session, work, heard)


def generate(session: Session, config: Config, chain: str, heard: Callable[[Event], None]) -> tuple[Gimp.Image, str]:
    """(a new image, the chain that was drawn). Raises EngineError."""
    caption, settings = config.get_property("instruction"), settings_of(config)

    def work(engine: Engine, told: Heard) -> tuple[Drawn, pixels.Result]:
        drawn = jobs.generate(engine, told, caption, chain or None, settings)
        return drawn, pixels.result(drawn.candidates[0], None)

    drawn, result = wait(session, work, heard)
    return picture.new_image(layer_name(caption), result.width, result.height, result.rgba), drawn.chain


def lay(captured: Capture, config: Config, result: pixels.Result) -> None:
    """Adds the layer. Where the image is no longer what it was, the result becomes an image of its own.

    Raises ImageError saying so, with that image's id for a script: there is no new layer.
    """
    name = layer_name(config.get_property("instruction"))
    problem = captured.problem()
    if problem is None:
        picture.insert(captured, name, result.rgba, result.mask)
        return
    made = picture.new_image(name, result.width, result.height, result.whole)
    raise ImageError(
        "image_changed",
        "{problem}",
        "The result was opened as a new image (ID {id})."
        if picture.show(made)
        else "The result is a new image that is not shown (ID {id}).",
        problem=problem,
        id=made.get_id(),
    )


def tell(captured: Capture, drawn: Drawn) -> None:
    """What the user should know about how it was done."""
    notes = (*captured.notes, *drawn.notes)
    if notes:
        Gimp.message("GoT: " + " ".join(map(language.note, notes)))


def settings_of(config: Config) -> Settings:
    """How is drawn. A procedure that only plans has no more than a model."""
    settings = Settings(model=config.get_property("model"), adapter=config.get_property("adapter") or None)
    return with_values(settings, arguments.read(config, Settings))


def _png(captured: Capture) -> bytes:
    return pixels.png(captured.pixels, *captured.area[2:])
