"""A recipe: what to train from scratch, phase after phase, as one strict TOML file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from engine.api.errors import RequestError
from engine.got.files.config import Familiar
from training.scratch.loop import LoopSettings

PHASES = ("vae", "eyes", "chains", "turns", "crops", "unet", "joint", "references", "lookups", "names")
"""In the order in which they run."""


@dataclass(frozen=True)
class ModelSizes:
    """Of the parts that a recipe may size: widths and depths."""

    hidden: int = 192
    layers: int = 6
    vision_layers: int = 4
    unet_channels: tuple[int, ...] = (64, 128, 192)
    vocabulary: int = 620


@dataclass(frozen=True)
class Data:
    """How much storybook: pictures in the autoencoder's pool, shards of latents, share of text-to-image chains."""

    vae_pool: int = 12_000
    gate_scenes: int = 256
    shards: int = 6
    text_to_image: float = 0.1
    chain_length: int = 320
    turns_length: int = 620
    shard_size: int = 2000
    compile: bool = True
    """Whether the language model is compiled where sequences have one length; worth it from minutes of training on."""


@dataclass(frozen=True)
class Lesson:
    """What a phase on chains dwells on."""

    two_step: float = 0.0
    """Share of batches that hold edits in two steps and nothing else: they are twice as long, so half as many."""
    plain: float = 1.0
    """Of the edits that name their object outright (by name or color), or have none or no other beside it, the share
    that is taken."""
    emphasis: float = 1.0
    """Weight of what a chain says from the sentence about the change on, beside 1 of the list before it. Where it is
    another than 1 the eyes stay as they are: what is seen is right then, and what is to be learnt is what is meant."""
    lookups: int = 0
    """Lines of practice in looking up names (training/scratch/lookups.py) that come with every chain …"""
    questions: bool = False
    """… half of them with many questions."""


@dataclass(frozen=True)
class Defaults:
    """What got.json recommends: steps, scheduler and guidance scales (semantic, spatial, reference)."""

    num_inference_steps: int
    scheduler: str
    edit: tuple[float, float, float]
    text_to_image: tuple[float, float, float]


@dataclass(frozen=True)
class Recipe:
    """A whole training run. `gates` are the figures (psnr, nearest) that the autoencoder must reach before any UNet
    training."""

    name: str
    license: str
    seed: int
    defaults: Defaults
    phases: dict[str, LoopSettings]
    sizes: ModelSizes = field(default_factory=ModelSizes)
    data: Data = field(default_factory=Data)
    lessons: dict[str, Lesson] = field(default_factory=dict)
    """By phase; a phase on chains that has none dwells on nothing."""
    familiar: Familiar | None = None
    gates: dict[str, float] = field(default_factory=dict)
    trained: dict[str, Any] = field(default_factory=dict)
    """The record of the shipped run: device, hours, samples; copied into got.json's provenance."""


def load_recipe(path: Path) -> Recipe:
    """The recipe in a TOML file. Raises RequestError naming the file and the key that is wrong."""
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
    taught = {p: _read(Lesson, row, f"{path}: lessons.{p}") for p, row in lessons.items()}
    nested = {"sizes": ModelSizes, "data": Data, "defaults": Defaults, "familiar": Familiar}
    parts = {k: _read(kind, table.pop(k), f"{path}: {k}") for k, kind in nested.items() if k in table}
    return _read(Recipe, table | parts | {"phases": settings, "lessons": taught}, str(path))


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
