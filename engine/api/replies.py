"""What the engine answers. Standard library only, Python 3.10."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from engine.api import errors
from engine.api.errors import EngineError
from engine.api.notes import Note

Kind = Literal["plan", "edit", "generate", "load", "unload"]
State = Literal["queued", "running", "done", "failed", "cancelled"]
FINAL: frozenset[str] = frozenset({"done", "failed", "cancelled"})
"""States that a job does not leave."""


@dataclass(frozen=True)
class Proof:
    """The answer to a Challenge, see `engine.api.runtime.proof`."""

    proof: str


@dataclass(frozen=True)
class ErrorReply:
    """Why a request was refused or a job failed."""

    kind: str
    """The error's class in `engine.api.errors`."""
    code: str
    message: str
    """In English, like the remedy."""
    remedy: str = ""
    templates: tuple[str, ...] = ()
    """Of message and remedy, in English with {fields}; none where an older engine wrote it."""
    values: dict[str, Any] = field(default_factory=dict, hash=False)
    """What stands in the fields."""

    @classmethod
    def of(cls, error: EngineError) -> ErrorReply:
        templates = tuple(part.template for part in error.parts)
        return cls(type(error).__name__, error.code, error.message, error.remedy, templates, error.parts[0].values)

    def error(self) -> EngineError:
        """The error again, of its own class."""
        if self.kind == "Cancelled":
            return errors.Cancelled()
        message, remedy = self.templates or (self.message, self.remedy)
        return errors.KINDS.get(self.kind, EngineError)(self.code, message, remedy, **self.values)


@dataclass(frozen=True)
class ImageInfo:
    """An uploaded picture, as the engine reads it."""

    id: str
    """SHA-256 of its bytes."""
    width: int
    height: int
    notes: tuple[str, ...] = ()
    """What the user should know about how it was read, such as fewer bits, an English sentence each."""
    notes_in_parts: tuple[Note, ...] = ()
    """The same with code, template and values."""


@dataclass(frozen=True)
class JobState:
    """A job as it stands."""

    id: str
    kind: Kind
    state: State
    created: float
    """Seconds since 1970."""
    position: int | None = None
    """Jobs that run before it, while it is queued."""
    attempts: int = 0
    """How often it was begun; more than once where an engine died on it."""
    chain: str = ""
    """What is written of it so far."""
    error: ErrorReply | None = None
    saved: bool = True
    """False: it is done, but its result is in the engine's memory only, as `error` says."""
    acknowledged: bool = False

    @property
    def final(self) -> bool:
        return self.state in FINAL


@dataclass(frozen=True)
class Jobs:
    jobs: tuple[JobState, ...]


@dataclass(frozen=True)
class ResultFile:
    """One picture of a result, a PNG."""

    name: str
    kind: Literal["image", "layer", "mask", "overlay"]
    """image: all of it; layer: RGBA, the edit alone; mask: grey, what shows of the layer; overlay: the plan's boxes."""
    candidate: int
    turn: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Placement:
    """How the picture, or the part of it that the model saw, met the model's canvas; all in pixels."""

    crop: tuple[int, int, int, int]
    """left, top, right, bottom of what the model saw of the picture."""
    canvas: tuple[int, int]
    content: tuple[int, int]
    """The size of `crop` on the canvas …"""
    offset: tuple[int, int]
    """… and its upper left corner; around it lies its reflection."""


@dataclass(frozen=True)
class Profile:
    """Where the time of drawing went, in seconds; load, plan and write are among the result's own."""

    tokens: int = 0
    """Pieces of the chain that the planner wrote."""
    encode: float = 0.0
    """The chain's meaning, the source and the boxes made ready for the UNet."""
    steps: tuple[float, ...] = ()
    """Each denoising step, in order, of all pictures."""
    decode: float = 0.0
    """Latents to pixels."""


@dataclass(frozen=True)
class JobResult:
    """What a job came to."""

    id: str
    kind: Kind
    instruction: str
    chains: tuple[str, ...]
    """One a candidate; of a plan, one."""
    model: str
    options: dict[str, Any]
    """Seed, steps, scheduler, guidance scales, scope, …: what it was drawn with, nothing left to defaults."""
    seconds: dict[str, float]
    """load, plan, render, write: how long each took."""
    notes: tuple[str, ...]
    files: tuple[ResultFile, ...]
    placement: Placement | None = None
    profile: Profile = Profile()
    notes_in_parts: tuple[Note, ...] = ()
    """The notes with code, template and values; none where an older engine wrote them."""

    @property
    def messages(self) -> tuple[Note, ...]:
        """The notes, whoever wrote them."""
        return self.notes_in_parts or tuple(Note(text) for text in self.notes)

    def named(self, kind: str, candidate: int = 0) -> list[ResultFile]:
        """The files of that kind, in the order of the turns."""
        return [file for file in self.files if file.kind == kind and file.candidate == candidate]


@dataclass(frozen=True)
class Model:
    """A model of the catalog."""

    name: str
    loaded: bool
    bytes_on_disk: int
    description: dict[str, Any]
    """What its got.json says; empty where that cannot be read."""
    memory_use: str = ""
    """Of one that is loaded: how it uses the device's memory, in English."""
    memory_use_in_parts: Note | None = None
    """The same with code, template and values."""


@dataclass(frozen=True)
class Models:
    models: tuple[Model, ...]


@dataclass(frozen=True)
class Adapter:
    name: str
    bytes_on_disk: int
    description: dict[str, Any]


@dataclass(frozen=True)
class Adapters:
    adapters: tuple[Adapter, ...]


@dataclass(frozen=True)
class System:
    """The engine and the machine it runs on."""

    version: str
    protocol: int
    pid: int
    uptime: float
    model: str | None
    """The one that is loaded."""
    memory_used: int
    """Bytes: on the device where a model is loaded on one, else of the process."""
    memory_total: int
    resident: int
    """Bytes of the engine's process."""
    threads: int
    handles: int
    """Open files and sockets."""
    queued: int
    running: str | None
    """The id of the job that runs."""
    leases: int
    packages: dict[str, str]


@dataclass(frozen=True)
class Devices:
    """What models can be run on, the best first."""

    devices: tuple[str, ...]
    """In English: the device's name first."""
    devices_in_parts: tuple[Note, ...] = ()
    """The same with code, template and values."""

    @property
    def messages(self) -> tuple[Note, ...]:
        """The devices, whoever wrote them."""
        return self.devices_in_parts or tuple(Note(text) for text in self.devices)


@dataclass(frozen=True)
class Lease:
    """Keeps the engine alive until `seconds` after it was last renewed."""

    id: str
    seconds: float


@dataclass(frozen=True)
class Done:
    """It was done; there is nothing to say about it."""
