"""What the plug-ins ask of the engine, from pixels to layers. All of it waits: it runs in a Session's thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.api.chain import CHAIN_PROBLEM
from engine.api.launch import Engine
from engine.api.notes import Note
from engine.api.options import arguments
from engine.api.protocol import (
    AdapterUse,
    EditOptions,
    EditRequest,
    Event,
    GenerateOptions,
    GenerateRequest,
    JobRequest,
    JobResult,
    JobState,
    PlanRequest,
)


@dataclass(frozen=True, kw_only=True)
class Settings(EditOptions, GenerateOptions):
    """How is drawn: the engine's options, and by what model."""

    model: str = "got-mini"
    adapter: str | None = None

    @property
    def adapters(self) -> tuple[AdapterUse, ...]:
        return (AdapterUse(self.adapter),) if self.adapter else ()


@dataclass(frozen=True)
class Candidate:
    """One result: a layer and its mask for each turn of the chain, or for a new picture that alone; all PNG."""

    seed: int
    layers: tuple[tuple[bytes, bytes], ...]
    """(RGBA, mask), the first turn's first."""
    image: bytes


@dataclass(frozen=True)
class Drawn:
    candidates: tuple[Candidate, ...]
    chain: str
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Heard:
    """Who is told of a job: of its events, and of its id, which cancels it."""

    event: Callable[[Event], None]
    job: Callable[[JobState], None]


def plan(engine: Engine, heard: Heard, instruction: str, png: bytes | None, settings: Settings) -> str:
    """The chain for an edit of a picture, or where that is None for a new one. Raises EngineError."""
    image = engine.upload(png).id if png else None
    request = PlanRequest(instruction=instruction, image=image, model=settings.model, adapters=settings.adapters)
    result = _run(engine, heard, request)
    engine.client.acknowledge(result.id)
    return result.chains[0]


def edit(engine: Engine, heard: Heard, instruction: str, png: bytes, chain: str | None, settings: Settings) -> Drawn:
    """Draws the edit that the chain describes; without one it is planned first. Raises EngineError."""
    request = EditRequest(
        instruction=instruction,
        image=engine.upload(png).id,
        chain=chain,
        model=settings.model,
        adapters=settings.adapters,
        **arguments(EditOptions, settings),
    )
    return _fetch(engine, _run(engine, heard, request), settings)


def generate(engine: Engine, heard: Heard, caption: str, chain: str | None, settings: Settings) -> Drawn:
    """Draws a new picture. Raises EngineError."""
    request = GenerateRequest(
        instruction=caption,
        chain=chain,
        model=settings.model,
        adapters=settings.adapters,
        **arguments(GenerateOptions, settings),
    )
    return _fetch(engine, _run(engine, heard, request), settings)


def _run(engine: Engine, heard: Heard, request: JobRequest) -> JobResult:
    job = engine.run(request, heard.event, heard.job)
    return engine.client.result(job.id)  # after the run: it may have found another engine


def _fetch(engine: Engine, result: JobResult, settings: Settings) -> Drawn:
    """Everything of a result; only then does the engine forget it."""
    client = engine.client
    candidates = []
    for number in range(settings.candidates):
        named = [
            [client.file(result.id, file.name) for file in result.named(kind, number)] for kind in ("layer", "mask")
        ]
        layers = tuple(zip(*named, strict=True))
        image = client.file(result.id, result.named("image", number)[0].name)
        candidates.append(Candidate(settings.seed + number, layers, image))
    client.acknowledge(result.id)
    notes = tuple(note for note in result.messages if note.code != CHAIN_PROBLEM)  # that is shown beside the chain
    return Drawn(tuple(candidates), result.chains[0], notes)
