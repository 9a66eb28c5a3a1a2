"""A recipe: a strict TOML file that describes the phases of a training from scratch."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from engine.api.errors import RequestError
from engine.got.files.config import Familiar
from training.scratch.loop import LoopSettings

PHASES = ("vae", "eyes", "chains", "turns", "crops", "unet", "joint", "references", "lookups", "names")
"""The phases of a recipe, in the order in which they run."""


@dataclass(frozen=True)
class ModelSizes:
    """Widths and depths of the model's parts, and the size of the vocabulary."""

    hidden: int = 192
    layers: int = 6
    vision_layers: int = 4
    unet_channels: tuple[int, ...] = (64, 128, 192)
    vocabulary: int = 620


@dataclass(frozen=True)
class Data:
    """The amount of storybook data: pictures in the autoencoder's pool, shards of latents, share of text-to-image."""

    vae_pool: int = 12_000
    gate_scenes: int = 256
    shards: int = 6
    text_to_image: float = 0.1
    chain_length: int = 320
    turns_length: int = 620
    shard_size: int = 2000
    compile: bool = True
    """Whether to compile the language model in phases with sequences of fixed length; pays off after minutes."""


@dataclass(frozen=True)
class Lesson:
    """Sampling and loss weights of a phase on chains."""

    two_step: float = 0.0
    """Share of batches that consist of two-step edits. These are twice as long, so a batch has half as many."""
    plain: float = 1.0
    """Sampling weight of plain edits: those that name their object by name or color, or whose scene has no other."""
    emphasis: float = 1.0
    """Loss weight of a chain from the sentence about the change on; the list of objects before it has weight 1.

    Any value other than 1 freezes the vision encoder, because the phase is about references and not about perception.
    """
    lookups: int = 0
    """Number of lookup exercises (training/scratch/lookups.py) for each chain."""
    questions: bool = False
    """Whether half of the exercises have many questions."""


@dataclass(frozen=True)
class Defaults:
    """The defaults in got.json: steps, scheduler and guidance scales (semantic, spatial, reference)."""

    num_inference_steps: int
    scheduler: str
    edit: tuple[float, float, float]
    text_to_image: tuple[float, float, float]


@dataclass(frozen=True)
class Recipe:
    """A training run from scratch.

    `gates` are the figures (psnr, nearest) that the autoencoder must reach before a UNet is trained.
    """

    name: str
    license: str
    seed: int
    defaults: Defaults
    phases: dict[str, LoopSettings]
    sizes: ModelSizes = field(default_factory=ModelSizes)
    data: Data = field(default_factory=Data)
    lessons: dict[str, Lesson] = field(default_factory=dict)
    """Sampling and loss weights by phase; phases without an entry use the defaults of `Lesson`."""
    familiar: Familiar | None = None
    gates: dict[str, float] = field(default_factory=dict)
    trained: dict[str, Any] = field(default_factory=dict)
    """The record of the shipped run, such as hardware and hours; copied into got.json's provenance."""


def load_recipe(path: Path) -> Recipe:
    """Returns the recipe in a TOML file. Raises RequestError with the file and the wrong key."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RequestError(
            "recipe_not_found",
            "The recipe {path} does not exist.",
            "Choose a recipe, such as recipes/got-mini.toml.",
            path=path,
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise RequestError(
            "recipe_broken", "{path} is not valid TOML: {error}.", "Correct that line.", path=path, error=error
        ) from error
    phases, lessons = table.pop("phases", {}), table.pop("lessons", {})
    strange = [p for p in (*phases, *lessons) if p not in PHASES]
    if strange:
        raise RequestError(
            "recipe_phase",
            "{path} has an unknown phase “{name}”.",
            "Valid phases: {names}.",
            path=path,
            name=strange[0],
            names=", ".join(PHASES),
        )
    seed = table.get("seed", 0)
    settings = {p: _read(LoopSettings, {"seed": seed} | row, f"{path}: phases.{p}") for p, row in phases.items()}
    weights = {p: _read(Lesson, row, f"{path}: lessons.{p}") for p, row in lessons.items()}
    nested = {"sizes": ModelSizes, "data": Data, "defaults": Defaults, "familiar": Familiar}
    parts = {k: _read(kind, table.pop(k), f"{path}: {k}") for k, kind in nested.items() if k in table}
    return _read(Recipe, table | parts | {"phases": settings, "lessons": weights}, str(path))


def _read(kind: type, table: dict[str, Any], where: str) -> Any:  # noqa: ANN401
    known = {f.name for f in fields(kind)}
    strange = sorted(set(table) - known)
    if strange:
        raise RequestError(
            "recipe_key",
            "{where} has an unknown key “{name}”.",
            "Valid keys: {names}.",
            where=where,
            name=strange[0],
            names=", ".join(sorted(known)),
        )
    try:
        return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in table.items()})
    except TypeError as error:
        raise RequestError(
            "recipe_key", "{where}: {error}.", "Add the missing keys.", where=where, error=error
        ) from error
