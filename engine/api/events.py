"""The events that the engine streams while a job waits and runs. Standard library only, Python 3.10."""

from __future__ import annotations

from dataclasses import dataclass

from engine.api.notes import Note
from engine.api.replies import JobState


@dataclass(frozen=True)
class Snapshot:
    """The current state of the job. Sent first if events were missed."""

    job: JobState


@dataclass(frozen=True)
class Queued:
    position: int


@dataclass(frozen=True)
class Started:
    attempt: int


@dataclass(frozen=True)
class Loading:
    """Progress of loading a model; it is loaded when done == total. 0 of 0: it was loaded already."""

    model: str
    done: int
    total: int


@dataclass(frozen=True)
class Planning:
    """The planner begins a turn of the chain."""

    turn: int
    candidate: int = 0


@dataclass(frozen=True)
class Token:
    """A piece of the chain, as the planner wrote it."""

    text: str
    turn: int


@dataclass(frozen=True)
class BoxFound:
    """A box is complete."""

    id: int
    turn: int
    box: tuple[int, int, int, int]
    phrase: str
    color: str | None


@dataclass(frozen=True)
class Step:
    """A denoising step is done. Steps count from 1, turns and candidates from 0."""

    step: int
    total: int
    turn: int
    candidate: int
    seconds_left: float
    """Estimated time for the rest of the job."""
    seconds: float = 0.0
    """Duration of this step."""
    candidates: int = 1
    """Number of candidates that the job draws."""


@dataclass(frozen=True)
class Preview:
    """The picture in its current state."""

    step: int
    turn: int
    candidate: int
    jpeg: str
    """A small JPEG in base64: of an edit, the part of the picture that the model sees; otherwise the new picture."""


@dataclass(frozen=True)
class Writing:
    """Drawing is done; the result is assembled and written to disk."""


@dataclass(frozen=True)
class Finished:
    """The last event: the state is final, and the result, if any, can be fetched."""

    job: JobState


Event = Snapshot | Queued | Started | Loading | Planning | Token | BoxFound | Step | Preview | Note | Writing | Finished
EVENTS: dict[str, type[Event]] = {
    "snapshot": Snapshot,
    "queued": Queued,
    "started": Started,
    "loading": Loading,
    "planning": Planning,
    "token": Token,
    "box": BoxFound,
    "step": Step,
    "preview": Preview,
    "note": Note,
    "writing": Writing,
    "finished": Finished,
}
EVENT_NAMES = {kind: name for name, kind in EVENTS.items()}
