"""`got.json`: the description of a GoT model in the native layout."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from engine.api.errors import ModelError, RequestError
from engine.api.notes import VALUE_TYPES, Note, one_of
from engine.api.schedulers import SCHEDULERS
from engine.got.renderers.guidance import GuidanceScales

FORMAT_VERSION = 1
TASKS = ("edit", "text_to_image")
SOURCE_FRAMES = ("repeat", "coordinates")

REPAIR = "Import or download the model again."
_CONFIG = {
    "format_version": int,
    "name": str,
    "num_query_tokens": int,
    "source_size": int,
    "image_size": int,
    "source_frames": str,
    "license": str,
    "provenance": dict,
    "defaults": dict,
}
_OPTIONAL = {"familiar": dict}
_DEFAULTS = {"num_inference_steps": int, "scheduler": str, "guidance_scales": dict}
_FAMILIAR = {"pictures": str, "psnr": float}
_SCALES = {"semantic": float, "spatial": float, "reference": float}
_POSITIVE = Note.of("type", "1 or more")


def _paper_scales() -> dict[str, GuidanceScales]:
    return {"edit": GuidanceScales(4.0, 3.0, 1.5), "text_to_image": GuidanceScales(7.5, 4.0, 1.0)}


@dataclass(frozen=True)
class Defaults:
    """Default render options of a model; the values here are the paper's (sec. 5)."""

    num_inference_steps: int = 50
    scheduler: str = "euler"
    """One of `SCHEDULERS`."""
    guidance_scales: dict[str, GuidanceScales] = field(default_factory=_paper_scales)
    """By task: "edit" and "text_to_image"."""

    def __post_init__(self) -> None:
        _demand(self.num_inference_steps >= 1, "defaults.num_inference_steps", _POSITIVE)
        _demand(self.scheduler in SCHEDULERS, "defaults.scheduler", one_of(SCHEDULERS))


@dataclass(frozen=True)
class Familiar:
    """The kind of pictures that a small model was trained on."""

    pictures: str
    """A phrase that completes “it knows …”."""
    psnr: float
    """dB; a picture that the autoencoder reconstructs less well is not familiar."""


@dataclass(frozen=True)
class GoTConfig:
    """The contents of got.json. Raises ModelError for an invalid value."""

    name: str
    source_size: int = 448
    """Side in pixels of the square that the MLLM sees."""
    image_size: int = 1024
    """Side in pixels of the square that the model renders; a multiple of 8."""
    license: str = "unknown"
    num_query_tokens: int = 64
    """Number of tokens whose last hidden states are the semantic guidance."""
    source_frames: str = "repeat"
    """Contents of the second temporal frame of the MLLM's image patches; see `SourceProcessor`."""
    provenance: dict[str, Any] = field(default_factory=dict)
    """Origin of the weights, for people to read; JSON values."""
    defaults: Defaults = field(default_factory=Defaults)
    familiar: Familiar | None = None
    """None means any picture."""
    format_version: int = FORMAT_VERSION

    def __post_init__(self) -> None:
        _demand(bool(self.name.strip()), "name", Note.of("type", "a name"))
        _demand(self.num_query_tokens >= 1, "num_query_tokens", _POSITIVE)
        _demand(self.source_size >= 1, "source_size", _POSITIVE)
        _demand(self.image_size >= 8 and self.image_size % 8 == 0, "image_size", Note.of("type", "a multiple of 8"))
        _demand(self.source_frames in SOURCE_FRAMES, "source_frames", one_of(SOURCE_FRAMES))

    @classmethod
    def from_file(cls, path: Path) -> GoTConfig:
        """Reads got.json with a strict schema. Raises ModelError with the file, the key and the remedy."""
        try:
            return cls._from_json(read_json(path))
        except ModelError as error:
            if str(path) in error.message:
                raise
            fault, advice = error.parts
            raise ModelError(
                error.code, "{path}: {fault}", "{advice}", path=path, fault=fault, advice=advice
            ) from error

    @classmethod
    def _from_json(cls, data: dict[str, Any]) -> GoTConfig:
        version = data.get("format_version", FORMAT_VERSION)
        if version != FORMAT_VERSION:
            raise ModelError(
                "model_format_unknown",
                "“format_version” is {version}; this program supports {known}.",
                "Update the program, or import the model again with this version.",
                version=repr(version),
                known=FORMAT_VERSION,
            )
        _check(data, _CONFIG | {key: kind for key, kind in _OPTIONAL.items() if key in data})
        _check(data["defaults"], _DEFAULTS, "defaults.")
        scales = data["defaults"]["guidance_scales"]
        _check(scales, dict.fromkeys(TASKS, dict), "defaults.guidance_scales.")
        for task in TASKS:
            _check(scales[task], _SCALES, f"defaults.guidance_scales.{task}.")
        try:
            by_task = {task: GuidanceScales(**scales[task]) for task in TASKS}
        except RequestError as error:
            raise ModelError("model_config_invalid", "{fault}", REPAIR, fault=error.parts[0]) from error
        parts: dict[str, Any] = {"defaults": Defaults(**data["defaults"] | {"guidance_scales": by_task})}
        if "familiar" in data:
            _check(data["familiar"], _FAMILIAR, "familiar.")
            parts["familiar"] = Familiar(**data["familiar"])
        return cls(**data | parts)

    def to_file(self, path: Path) -> None:
        """Writes got.json; `from_file` returns an equal config."""
        data = asdict(self)
        ordered = {key: data[key] for key in (*_CONFIG, *_OPTIONAL) if data[key] is not None}
        path.write_text(json.dumps(ordered, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file of a model. Raises ModelError if the file cannot be read or is not a JSON object."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ModelError("model_file_missing", "{path} is missing.", REPAIR, path=path) from error
    except OSError as error:
        raise ModelError(
            "model_file_unreadable",
            "{path} cannot be read: {reason}.",
            "Check its permissions.",
            path=path,
            reason=error.strerror,
        ) from error
    except (ValueError, RecursionError) as error:
        raise ModelError("model_file_broken", "{path} is not valid JSON.", REPAIR, path=path) from error
    if not isinstance(data, dict):
        raise ModelError("model_file_broken", "{path} does not contain a JSON object.", REPAIR, path=path)
    return data


def _check(data: dict[str, Any], types: dict[str, type], prefix: str = "") -> None:
    """Raises ModelError unless `data` has exactly these keys and types. An int is valid for float; a bool is not a
    number."""
    for key in types:
        if key not in data:
            raise ModelError("model_config_invalid", "“{key}” is missing.", REPAIR, key=prefix + key)
    for key, value in data.items():
        if key not in types:
            raise ModelError("model_config_invalid", "“{key}” is not a known key.", "Remove it.", key=prefix + key)
        allowed = (int, float) if types[key] is float else types[key]
        _demand(isinstance(value, allowed) and not isinstance(value, bool), prefix + key, VALUE_TYPES[types[key]])


def _demand(holds: bool, key: str, kind: Note) -> None:
    if not holds:
        raise ModelError("model_config_invalid", "“{key}” must be {kind}.", REPAIR, key=key, kind=kind)
