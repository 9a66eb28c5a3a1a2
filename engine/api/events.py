"""What the engine says of a job while it waits and runs, in its stream. Standard library only, Python 3.10."""

from __future__ import annotations

from dataclasses import dataclass

from engine.api.notes import Note
from engine.api.replies import JobState


@dataclass(frozen=True)
class Snapshot:
    """How the job stands; comes first where events were missed."""

    job: JobState


@dataclass(frozen=True)
class Queued:
    position: int


@dataclass(frozen=True)
class Started:
    attempt: int


@dataclass(frozen=True)
class Loading:
    """A model's parts come into memory; done == total: it is there. Where it was there already, 0 of 0."""

    model: str
    done: int
    total: int


@dataclass(frozen=True)
class Planning:
    """A turn of the chain is begun."""

    turn: int
    candidate: int = 0


@dataclass(frozen=True)
class Token:
    """A piece of the chain, as it was written."""

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
    """A denoising step was made; steps count from 1, turns and candidates from 0."""

    step: int
    total: int
    turn: int
    candidate: int
    seconds_left: float
    """Of all that remains of the job, as far as it is known."""
    seconds: float = 0.0
    """That it took."""


@dataclass(frozen=True)
class Preview:
    """How the picture looks by now."""

    step: int
    turn: int
    candidate: int
    jpeg: str
    """A small JPEG in base64."""


@dataclass(frozen=True)
class Writing:
    """All is drawn; the result is put together and written to disk."""


@dataclass(frozen=True)
class Finished:
    """The last event: the state is final, and a result, if it has one, can be fetched."""

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
