"""The procedures for menus and scripts. A failure is returned as GIMP's own error, with the remedy."""

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
    """Wraps a procedure's body into the function that GIMP calls."""

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
    """got-plan: returns the chain for an edit; the image does not change."""
    capture = picture.capture(image, mode)
    Gimp.progress_init(translate("Planning"))
    chain, _ = work.plan(session, capture, config, show_progress)
    Gimp.progress_end()
    return _success(procedure, chain)


@_procedure
def run_edit(session: Session, procedure: Procedure, mode: Gimp.RunMode, image: Gimp.Image, config: Config) -> Values:
    """got-edit: adds a layer with a mask. Without a dialog to choose in, adds one for each candidate."""
    capture = picture.capture(image, mode)
    if mode == Gimp.RunMode.INTERACTIVE:
        from plugins.gimp.dialog import edit_dialog

        return _success(procedure, edit_dialog(session, procedure, config, capture))
    Gimp.progress_init(translate("Editing"))
    drawing = work.edit(session, capture, config, *_words_and_chain(config, mode), show_progress)
    work.insert_layers(drawing, drawing.results)
    Gimp.progress_end()
    return _success(procedure, drawing.outcome.chain)


@_procedure
def run_generate(
    session: Session, procedure: Procedure, mode: Gimp.RunMode, image: Gimp.Image | None, config: Config
) -> Values:
    """got-generate: returns a new image. Without a dialog to choose in, it has a layer for each candidate."""
    if mode == Gimp.RunMode.INTERACTIVE:
        from plugins.gimp.dialog import generate_dialog

        new_image, chain = generate_dialog(session, procedure, config)
        Gimp.Display.new(new_image)
        return _success(procedure, new_image, chain)
    Gimp.progress_init(translate("Drawing"))
    drawing = work.generate(session, config, *_words_and_chain(config, mode), show_progress)
    Gimp.progress_end()
    return _success(procedure, work.new_image(drawing, drawing.results), drawing.outcome.chain)


def _words_and_chain(config: Config, mode: Gimp.RunMode) -> tuple[str, str]:
    """What a procedure without a dialog draws. A repeated filter plans for the picture that it is repeated on."""
    is_script = mode == Gimp.RunMode.NONINTERACTIVE  # it passes both, and says what belongs together
    return config.get_property("instruction"), config.get_property("chain") if is_script else ""


def show_progress(event: Event) -> None:
    """Shows the progress of the work in GIMP's own progress bar."""
    line = progress(event)
    if line is None:
        return
    Gimp.progress_set_text(line.text)
    if line.part is None:
        Gimp.progress_pulse()
    else:
        Gimp.progress_update(line.part)


def _success(procedure: Procedure, *values: object) -> Values:
    """The return values of a procedure that succeeded."""
    result = procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, GLib.Error())
    for place, value in enumerate(values, 1):
        kind = GObject.TYPE_STRING if isinstance(value, str) else Gimp.Image.__gtype__
        result.remove(place)
        result.insert(place, GObject.Value(kind, value))
    return result
