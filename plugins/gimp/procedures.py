"""What the procedures do, from a menu and from a script. A failure comes back as GIMP's own error with the remedy."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from gi.repository import Gegl, Gimp, GLib, GObject

from engine.api.errors import Cancelled, EngineError, ImageError
from engine.api.launch import Engine
from engine.api.protocol import Event
from plugins.common import jobs
from plugins.common.jobs import Drawn, Heard, Settings
from plugins.common.session import Session
from plugins.common.words import layer_name, progress
from plugins.gimp import picture, pixels
from plugins.gimp.picture import Capture
from plugins.gimp.waiting import new_session, wait

Procedure = Gimp.ImageProcedure
Config = Gimp.ProcedureConfig
Values = Gimp.ValueArray
Body = Callable[[Session, Procedure, Gimp.RunMode, Gimp.Image, Config], Values]


def _procedure(body: Body) -> Callable[..., Values]:
    """Wraps what a procedure does into what GIMP calls."""

    @wraps(body)
    def run(
        procedure: Procedure, mode: Gimp.RunMode, image: Gimp.Image, drawables: object, config: Config, data: object
    ) -> Values:
        Gegl.init(None)
        session = new_session()
        try:
            return body(session, procedure, mode, image, config)
        except Cancelled:
            return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, GLib.Error())
        except EngineError as error:
            return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, GLib.Error(str(error)))
        finally:
            session.close()

    return run


@_procedure
def run_plan(session: Session, procedure: Procedure, mode: Gimp.RunMode, image: Gimp.Image, config: Config) -> Values:
    """got-plan: the chain for an edit; the image stays as it is."""
    captured = picture.capture(image, mode)
    Gimp.progress_init("Planning")
    chain = plan(session, captured, config, tell_gimp)
    Gimp.progress_end()
    return _returned(procedure, chain)


@_procedure
def run_edit(session: Session, procedure: Procedure, mode: Gimp.RunMode, image: Gimp.Image, config: Config) -> Values:
    """got-edit: one new layer with a mask."""
    captured = picture.capture(image, mode)
    if mode == Gimp.RunMode.INTERACTIVE:
        from plugins.gimp.dialog import edit_dialog

        return _returned(procedure, edit_dialog(session, procedure, config, captured))
    Gimp.progress_init("Editing")
    drawn, result = edit(session, captured, config, config.get_property("chain"), tell_gimp)
    lay(captured, config, result)
    Gimp.progress_end()
    tell(captured, drawn)
    return _returned(procedure, drawn.chain)


@_procedure
def run_generate(
    session: Session, procedure: Procedure, mode: Gimp.RunMode, image: Gimp.Image | None, config: Config
) -> Values:
    """got-generate: a new image."""
    if mode == Gimp.RunMode.INTERACTIVE:
        from plugins.gimp.dialog import generate_dialog

        made, chain = generate_dialog(session, procedure, config)
        Gimp.Display.new(made)
    else:
        Gimp.progress_init("Drawing")
        made, chain = generate(session, config, config.get_property("chain"), tell_gimp)
        Gimp.progress_end()
    return _returned(procedure, made, chain)


# what the dialogs do too


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
    size = (config.get_property("width"), config.get_property("height"))

    def work(engine: Engine, told: Heard) -> tuple[Drawn, pixels.Result]:
        drawn = jobs.generate(engine, told, caption, chain or None, size if all(size) else None, settings)
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
    where = "was opened as a new image" if picture.show(made) else "is a new image, not shown"
    raise ImageError("image_changed", problem, f"The result {where} (id {made.get_id()}).")


def tell(captured: Capture, drawn: Drawn) -> None:
    """What the user should know about how it was done."""
    notes = (*captured.notes, *drawn.notes)
    if notes:
        Gimp.message("GoT: " + " ".join(notes))


def tell_gimp(event: Event) -> None:
    """Shows how the work goes in GIMP's own progress."""
    line = progress(event)
    if line is None:
        return
    Gimp.progress_set_text(line.text)
    if line.part is None:
        Gimp.progress_pulse()
    else:
        Gimp.progress_update(line.part)


def settings_of(config: Config) -> Settings:
    """How is drawn. A procedure that only plans has no more than a model."""
    named = {spec.get_name() for spec in config.list_properties()}
    chosen: dict = {"model": config.get_property("model"), "adapter": config.get_property("adapter") or None}
    if "seed" in named:
        chosen |= {"seed": config.get_property("seed"), "num_inference_steps": config.get_property("steps") or None}
        for name in ("semantic", "spatial", "reference"):
            scale = config.get_property(name)
            chosen[name] = None if scale < 0 else scale
    if "scope" in named:
        chosen |= {name: config.get_property(name) for name in ("scope", "feather", "grow")}
    return Settings(**chosen)


def _png(captured: Capture) -> bytes:
    return pixels.png(captured.pixels, *captured.area[2:])


def _returned(procedure: Procedure, *values: object) -> Values:
    """The return values of a procedure that did what it should."""
    returned = procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, GLib.Error())
    for place, value in enumerate(values, 1):
        kind = GObject.TYPE_STRING if isinstance(value, str) else Gimp.Image.__gtype__
        returned.remove(place)
        returned.insert(place, GObject.Value(kind, value))
    return returned
