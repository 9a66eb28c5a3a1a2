"""The work of the procedures, for dialogs and scripts. Only in the plug-in's main thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gi.repository import Gimp

from engine.api import language
from engine.api.errors import ImageError
from engine.api.language import translate
from engine.api.launch import Engine
from engine.api.notes import Note
from engine.api.options import with_values
from engine.api.origin import Origin
from engine.api.protocol import Event
from plugins.common import jobs
from plugins.common.jobs import Callbacks, Outcome, Settings
from plugins.common.session import Run, Session
from plugins.common.words import layer_name
from plugins.gimp import arguments, picture, pixels
from plugins.gimp.picture import Capture
from plugins.gimp.pixels import Result
from plugins.gimp.waiting import wait

Config = Gimp.ProcedureConfig
OnEvent = Callable[[Event], None]


@dataclass(frozen=True)
class Drawing:
    """What was drawn, and for which words."""

    words: str
    outcome: Outcome
    results: tuple[Result, ...]
    """The candidates."""
    capture: Capture | None
    """The edited picture. None: it is a new picture."""

    def names(self, results: Sequence[Result]) -> list[str]:
        """The layers' names; several layers differ by their seeds."""
        name = layer_name(self.words)
        if len(results) == 1:
            return [name]
        return [f"{name} – {translate('seed {seed}', seed=result.seed)}" for result in results]


def plan(session: Session, capture: Capture | None, config: Config, on_event: OnEvent) -> tuple[str, Origin]:
    """Plans an edit, or without a capture a new picture. Returns the chain and what it answers. Raises EngineError."""
    words, settings = config.get_property("instruction"), settings_of(config)

    def work(engine: Engine, callbacks: Callbacks) -> str:
        return jobs.plan(engine, callbacks, words, _png(capture) if capture else None, settings)

    return wait(session, work, on_event), origin_of(words, config, capture is not None)


def origin_of(words: str, config: Config, is_edit: bool) -> Origin:
    """What a plan that is written now answers."""
    model, adapter = config.get_property("model"), config.get_property("adapter")
    return Origin(task="edit" if is_edit else "text_to_image", instruction=words, model=model, adapter=adapter)


def edit(session: Session, capture: Capture, config: Config, words: str, chain: str, on_event: OnEvent) -> Drawing:
    """Draws the chain, or plans first if it is empty. Raises EngineError."""
    settings = settings_of(config)

    def work(engine: Engine, callbacks: Callbacks) -> Drawing:
        outcome = jobs.edit(engine, callbacks, words, _png(capture), chain or None, settings)
        results = (pixels.result(one, capture.pixels, capture.selection) for one in outcome.candidates)
        return Drawing(words, outcome, tuple(results), capture)

    return wait(session, work, on_event)


def generate(session: Session, config: Config, words: str, chain: str, on_event: OnEvent) -> Drawing:
    """Draws a new picture. Raises EngineError."""
    settings = settings_of(config)

    def work(engine: Engine, callbacks: Callbacks) -> Drawing:
        outcome = jobs.generate(engine, callbacks, words, chain or None, settings)
        return Drawing(words, outcome, tuple(map(pixels.result, outcome.candidates)), None)

    return wait(session, work, on_event)


def insert_layers(drawing: Drawing, results: Sequence[Result]) -> None:
    """Inserts candidates as layers. If the image has changed in the meantime, they become a new image.

    In that case raises ImageError, whose text contains the new image's ID for scripts.
    """
    capture, names = drawing.capture, drawing.names(results)
    assert capture is not None
    problem = capture.problem()
    if problem is None:
        picture.insert(capture, names, results)
        show_notes(drawing, results)
        return
    image = picture.new_image(names, results)
    raise ImageError(
        "image_changed",
        "{problem}",
        "The result was opened as a new image (ID {id})."
        if picture.show(image)
        else "The result is a new image that is not shown (ID {id}).",
        problem=problem,
        id=image.get_id(),
    )


def new_image(drawing: Drawing, results: Sequence[Result]) -> Gimp.Image:
    """Candidates as the layers of a new image that is not shown yet."""
    return picture.new_image(drawing.names(results), results)


def show_notes(drawing: Drawing, results: Sequence[Result]) -> None:
    """Shows the notes on an edit and its picture."""
    notes = (*(drawing.capture.notes if drawing.capture else ()), *drawing.outcome.notes)
    if not all(result.shows for result in results):
        notes += (
            Note.of(
                "edit_unseen",
                "Nothing of the new layer can be seen: it only covers what is empty or not selected in the picture.",
            ),
        )
    if notes:
        Gimp.message("GoT: " + " ".join(map(language.note, notes)))


def settings_of(config: Config) -> Settings:
    """The render settings of a procedure. One that only plans has no drawing options. Raises RequestError."""
    settings = Settings(model=config.get_property("model"), adapter=config.get_property("adapter") or None)
    return with_values(settings, arguments.read(config, Settings))


def read_catalog(session: Session, on_done: Callable[[tuple[list[str], list[str]]], None]) -> None:
    """Reads the names of the engine's models and adapters, without waiting. Without an engine nothing happens."""

    def work(engine: Engine, callbacks: Callbacks) -> tuple[list[str], list[str]]:
        models, adapters = engine.client.models().models, engine.client.adapters().adapters
        return [model.name for model in models], [adapter.name for adapter in adapters]

    session.begin(work, Run(on_done, lambda error: None))  # Plan and Apply say what is wrong


def _png(capture: Capture) -> bytes:
    return pixels.png(capture.pixels, *capture.area[2:])
