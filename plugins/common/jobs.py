"""The plug-ins' requests to the engine, from pixels to layers. Every call waits, so it runs in a Session's thread."""

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
    """Render settings: the engine's options, model and adapter."""

    model: str = "got-mini"
    adapter: str | None = None

    @property
    def adapters(self) -> tuple[AdapterUse, ...]:
        return (AdapterUse(self.adapter),) if self.adapter else ()


@dataclass(frozen=True)
class Candidate:
    """A candidate: layer and mask for each turn of the chain, or for a new picture only the image. All are PNG."""

    seed: int
    layers: tuple[tuple[bytes, bytes], ...]
    """(RGBA, mask) of each turn, in order."""
    image: bytes


@dataclass(frozen=True)
class Outcome:
    """What a drawing job returned."""

    candidates: tuple[Candidate, ...]
    chain: str
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Callbacks:
    """Callbacks of a job: one for its events, one for the queued job, whose id is needed to cancel it."""

    on_event: Callable[[Event], None]
    on_job: Callable[[JobState], None]


def plan(engine: Engine, callbacks: Callbacks, instruction: str, png: bytes | None, settings: Settings) -> str:
    """Plans an edit of a picture, or a new picture if `png` is None. Returns the chain. Raises EngineError."""
    image = engine.upload(png).id if png else None
    request = PlanRequest(instruction=instruction, image=image, model=settings.model, adapters=settings.adapters)
    result = _run(engine, callbacks, request)
    engine.client.acknowledge(result.id)
    return result.chains[0]


def edit(
    engine: Engine, callbacks: Callbacks, instruction: str, png: bytes, chain: str | None, settings: Settings
) -> Outcome:
    """Draws the edit that the chain describes; without a chain it is planned first. Raises EngineError."""
    request = EditRequest(
        instruction=instruction,
        image=engine.upload(png).id,
        chain=chain,
        model=settings.model,
        adapters=settings.adapters,
        **arguments(EditOptions, settings),
    )
    return _fetch(engine, _run(engine, callbacks, request), settings)


def generate(engine: Engine, callbacks: Callbacks, caption: str, chain: str | None, settings: Settings) -> Outcome:
    """Draws a new picture. Raises EngineError."""
    request = GenerateRequest(
        instruction=caption,
        chain=chain,
        model=settings.model,
        adapters=settings.adapters,
        **arguments(GenerateOptions, settings),
    )
    return _fetch(engine, _run(engine, callbacks, request), settings)


def _run(engine: Engine, callbacks: Callbacks, request: JobRequest) -> JobResult:
    job = engine.run(request, callbacks.on_event, callbacks.on_job)
    return engine.client.result(job.id)  # after the run, because a restart may have changed the client


def _fetch(engine: Engine, result: JobResult, settings: Settings) -> Outcome:
    """Downloads the whole result, then lets the engine delete it."""
    client = engine.client
    candidates = []
    for number in range(settings.candidates):
        files = [
            [client.file(result.id, file.name) for file in result.named(kind, number)] for kind in ("layer", "mask")
        ]
        layers = tuple(zip(*files, strict=True))
        image = client.file(result.id, result.named("image", number)[0].name)
        candidates.append(Candidate(settings.seed + number, layers, image))
    client.acknowledge(result.id)
    notes = tuple(note for note in result.messages if note.code != CHAIN_PROBLEM)  # shown next to the chain
    return Outcome(tuple(candidates), result.chains[0], notes)
