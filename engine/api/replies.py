"""The engine's replies. Standard library only, Python 3.10."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from engine.api import errors
from engine.api.errors import EngineError
from engine.api.notes import Note

Kind = Literal["plan", "edit", "generate", "load", "unload"]
State = Literal["queued", "running", "done", "failed", "cancelled"]
FINAL: frozenset[str] = frozenset({"done", "failed", "cancelled"})
"""States that a job never leaves."""


@dataclass(frozen=True)
class Proof:
    """The reply to a Challenge, see `engine.api.runtime.proof`."""

    proof: str


@dataclass(frozen=True)
class ErrorReply:
    """Why a request was rejected or a job failed."""

    kind: str
    """The error's class in `engine.api.errors`."""
    code: str
    message: str
    """In English, like the remedy."""
    remedy: str = ""
    templates: tuple[str, ...] = ()
    """Templates of message and remedy, in English with {fields}; empty in replies of older engines."""
    values: dict[str, Any] = field(default_factory=dict, hash=False)
    """Values of the templates' fields."""

    @classmethod
    def of(cls, error: EngineError) -> ErrorReply:
        templates = tuple(part.template for part in error.parts)
        return cls(type(error).__name__, error.code, error.message, error.remedy, templates, error.parts[0].values)

    def error(self) -> EngineError:
        """The error as an instance of its own class."""
        if self.kind == "Cancelled":
            return errors.Cancelled()
        kind = errors.KINDS.get(self.kind, EngineError)
        try:
            message, remedy = self.templates or (self.message, self.remedy)
            return kind(self.code, message, remedy, **self.values)
        except (LookupError, ValueError):  # templates and values of another version that do not go together
            return kind(self.code, self.message, self.remedy)


@dataclass(frozen=True)
class ImageInfo:
    """An uploaded picture as the engine reads it."""

    id: str
    """SHA-256 of its bytes."""
    width: int
    height: int
    notes: tuple[str, ...] = ()
    """What the user should know about how it was read, such as a reduced bit depth; one English sentence each."""
    notes_in_parts: tuple[Note, ...] = ()
    """The same with code, template and values."""


@dataclass(frozen=True)
class JobState:
    """The current state of a job."""

    id: str
    kind: Kind
    state: State
    created: float
    """Seconds since 1970."""
    position: int | None = None
    """Number of jobs ahead of it while it is queued."""
    attempts: int = 0
    """How often it was started; more than once if the engine crashed while running it."""
    chain: str = ""
    """The part of the chain that is written so far."""
    error: ErrorReply | None = None
    saved: bool = True
    """False: the job is done, but its result is only in the engine's memory, as `error` says."""
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
    """image: the whole picture; layer: the edit alone, RGBA; mask: the layer's visible part, grayscale; overlay: the
    boxes."""
    candidate: int
    turn: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Placement:
    """Where the picture, or the part of it that the model saw, is on the model's canvas; all in pixels."""

    crop: tuple[int, int, int, int]
    """left, top, right, bottom of the part of the picture that the model saw."""
    canvas: tuple[int, int]
    content: tuple[int, int]
    """Size of `crop` on the canvas."""
    offset: tuple[int, int]
    """Upper left corner of `crop` on the canvas; the area around it is filled by reflection."""


@dataclass(frozen=True)
class Profile:
    """Time spent on drawing, in seconds. The result's `seconds` has load, plan and write."""

    tokens: int = 0
    """Tokens that the planner wrote."""
    encode: float = 0.0
    """Encoding of the semantic, reference and spatial guidance for the UNet."""
    steps: tuple[float, ...] = ()
    """Each denoising step of all pictures, in order."""
    decode: float = 0.0
    """Decoding of latents to pixels."""


@dataclass(frozen=True)
class JobResult:
    """The result of a job."""

    id: str
    kind: Kind
    instruction: str
    chains: tuple[str, ...]
    """One for each candidate; a plan has one."""
    model: str
    options: dict[str, Any]
    """The values that were used: seed, steps, scheduler, guidance scales, scope, …; none is left to defaults."""
    seconds: dict[str, float]
    """Duration of load, plan, render and write."""
    notes: tuple[str, ...]
    files: tuple[ResultFile, ...]
    placement: Placement | None = None
    profile: Profile = Profile()
    notes_in_parts: tuple[Note, ...] = ()
    """The notes with code, template and values; empty in results of older engines."""
    image: str = ""
    """ID of the picture that was planned or edited; empty for a new picture."""

    @property
    def messages(self) -> tuple[Note, ...]:
        """The notes, from an engine of any version."""
        return self.notes_in_parts or tuple(Note(text) for text in self.notes)

    def named(self, kind: str, candidate: int = 0) -> list[ResultFile]:
        """The files of one kind, in the order of the turns."""
        return [file for file in self.files if file.kind == kind and file.candidate == candidate]


@dataclass(frozen=True)
class Model:
    """A model of the catalog."""

    name: str
    loaded: bool
    bytes_on_disk: int
    description: dict[str, Any]
    """Contents of its got.json; empty if it cannot be read."""
    memory_use: str = ""
    """How a loaded model uses the device's memory, in English."""
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
    """The engine and the machine that it runs on."""

    version: str
    protocol: int
    pid: int
    uptime: float
    model: str | None
    """Name of the loaded model."""
    memory_used: int
    """Bytes in use: on the device if a model is loaded on one, otherwise by the process."""
    memory_total: int
    resident: int
    """Resident memory of the engine's process, in bytes."""
    threads: int
    handles: int
    """Open files and sockets."""
    queued: int
    running: str | None
    """Id of the running job."""
    leases: int
    packages: dict[str, str]


@dataclass(frozen=True)
class Devices:
    """The devices that can run models, best first."""

    devices: tuple[str, ...]
    """In English; each begins with the device's name."""
    devices_in_parts: tuple[Note, ...] = ()
    """The same with code, template and values."""

    @property
    def messages(self) -> tuple[Note, ...]:
        """The devices, from an engine of any version."""
        return self.devices_in_parts or tuple(Note(text) for text in self.devices)


@dataclass(frozen=True)
class Lease:
    """Keeps the engine alive for `seconds` after its last renewal."""

    id: str
    seconds: float


@dataclass(frozen=True)
class Done:
    """Success; there is no more to report."""
