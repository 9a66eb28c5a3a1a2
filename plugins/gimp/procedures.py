"""What the procedures do, from a menu and from a script. A failure comes back as GIMP's own error with the remedy."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from gi.repository import Gegl, Gimp, GLib, GObject

from engine.api import language
from engine.api.errors import Cancelled, EngineError
from engine.api.language import translate
from engine.api.protocol import Event
from plugins.common.session import Session
from plugins.common.words import progress
from plugins.gimp import picture, work
from plugins.gimp.waiting import new_session
from plugins.gimp.work import Config

Procedure = Gimp.ImageProcedure
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
            return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, GLib.Error(language.sentence(error)))
        finally:
            session.close()

    return run


@_procedure
def run_plan(session: Session, procedure: Procedure, mode: Gimp.RunMode, image: Gimp.Image, config: Config) -> Values:
    """got-plan: the chain for an edit; the image stays as it is."""
    captured = picture.capture(image, mode)
    Gimp.progress_init(translate("Planning"))
    chain = work.plan(session, captured, config, tell_gimp)
    Gimp.progress_end()
    return _returned(procedure, chain)


@_procedure
def run_edit(session: Session, procedure: Procedure, mode: Gimp.RunMode, image: Gimp.Image, config: Config) -> Values:
    """got-edit: one new layer with a mask."""
    captured = picture.capture(image, mode)
    if mode == Gimp.RunMode.INTERACTIVE:
        from plugins.gimp.dialog import edit_dialog

        return _returned(procedure, edit_dialog(session, procedure, config, captured))
    Gimp.progress_init(translate("Editing"))
    drawn, result = work.edit(session, captured, config, config.get_property("chain"), tell_gimp)
    work.lay(captured, config, result)
    Gimp.progress_end()
    work.tell(captured, drawn)
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
        Gimp.progress_init(translate("Drawing"))
        made, chain = work.generate(session, config, config.get_property("chain"), tell_gimp)
        Gimp.progress_end()
    return _returned(procedure, made, chain)


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


def _returned(procedure: Procedure, *values: object) -> Values:
    """The return values of a procedure that did what it should."""
    returned = procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, GLib.Error())
    for place, value in enumerate(values, 1):
        kind = GObject.TYPE_STRING if isinstance(value, str) else Gimp.Image.__gtype__
        returned.remove(place)
        returned.insert(place, GObject.Value(kind, value))
    return returned
