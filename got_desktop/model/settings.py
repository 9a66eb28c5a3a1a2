"""What is asked for beside the words: how a picture is drawn, as presets keep it; and the app's own settings."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import platformdirs

from engine.api import files, options
from engine.api.errors import EngineError, OutputError
from engine.api.options import LARGEST_SHOWN, Option
from engine.api.protocol import DrawingOptions, EditOptions, GenerateOptions

PAPER_SCALES = {"edit": (4.0, 3.0, 1.5), "text_to_image": (7.5, 4.0, 1.0)}
"""Semantic, spatial, reference (arXiv 2503.10639, sec. 5.1); a model's own defaults come before them."""
PAPER_STEPS = 50
SEEDS_BY_LOT = 1_000_000
"""Of so many one is drawn: enough for a new picture each time, and short enough to be read and typed."""


@dataclass(frozen=True, kw_only=True)
class Drawing(EditOptions, GenerateOptions):
    """How a picture is planned and drawn: the engine's options, and what only the app knows."""

    model: str = "got-mini"
    adapter: str = ""
    adapter_weight: float = 1.0
    seed_locked: bool = True
    """False: each run takes another seed."""
    new_picture: bool = False
    """A picture from a caption instead of an edit."""

    def with_values(self, **change: object) -> Drawing:
        """With other values, under the names of options and fields. Raises RequestError."""
        return options.with_values(self, change)

    def with_next_seed(self) -> Drawing:
        return replace(self, seed=(self.seed + 1) % LARGEST_SHOWN)

    def with_any_seed(self) -> Drawing:
        return replace(self, seed=secrets.randbelow(SEEDS_BY_LOT))

    def uses(self, option: Option) -> bool:
        """Whether the option has an effect on what is to be drawn, beside the others."""
        other = set(options.options_of(EditOptions if self.new_picture else GenerateOptions))
        if option in other.difference(options.options_of(DrawingOptions)):
            return False
        return option.unless is None or options.values(self)[option.unless[0]] != option.unless[1]

    def to_json(self) -> dict[str, Any]:
        """Flat, each option under its name."""
        return {name: getattr(self, name) for name in sorted(_OWN)} | options.values(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Drawing:
        """What is known of it; files of other versions may hold more or less. Raises RequestError."""
        known = {*_OWN, *options.values(cls())}
        return cls().with_values(**{name: item for name, item in value.items() if name in known})


_OWN = {one.name for one in fields(Drawing)} - {one.path[0] for one in options.options_of(Drawing)}
"""The fields that are no options of the engine."""


def paper_values(task: str) -> dict[str, Any]:
    """What the method's authors drew with: the options' names -> values."""
    scales = zip(("semantic", "spatial", "reference"), PAPER_SCALES[task], strict=True)
    return dict(scales) | {"steps": PAPER_STEPS, "scheduler": "euler"}


def defaults_of(description: Mapping[str, Any], task: str) -> dict[str, Any]:
    """What a model draws with where nothing else is asked for: the options' names -> values.

    From the model's own description; the paper's values where it says nothing.
    """
    own = dict(description.get("defaults", {}))
    own |= own.pop("guidance_scales", {}).get(task, {})
    known = {one.name: own[one.path[-1]] for one in options.options_of(Drawing) if one.path[-1] in own}
    return paper_values(task) | known


@dataclass(frozen=True)
class Preset:
    name: str
    instruction: str
    drawing: Drawing


@dataclass(frozen=True)
class Settings:
    """The app's own settings."""

    theme: str = "system"
    """ "system", "light" or "dark"."""
    language: str = ""
    """A language's code; empty: the system's."""
    save_facts: bool = True
    """Instruction, chain, boxes, seed and model go into saved files."""
    keep_pairs: bool = False
    """Each edit that is taken is kept as a pair to train on."""
    snap: bool = True
    device: str = "auto"
    """What models run on: "auto", or a device of the engine's such as "cpu" or "cuda:0"."""
    history_kept: int = 500
    """Edits without a star that the history keeps."""
    first_start: bool = True
    recent: tuple[str, ...] = ()
    presets: tuple[Preset, ...] = ()
    drawing: Drawing = field(default_factory=Drawing)
    instruction: str = ""

    def with_recent(self, path: Path) -> Settings:
        """That file first, ten at most."""
        others = [known for known in self.recent if known != str(path)]
        return replace(self, recent=(str(path), *others[:9]))

    def with_preset(self, preset: Preset) -> Settings:
        """With the preset, in the place of one of its name."""
        others = [known for known in self.presets if known.name != preset.name]
        return replace(self, presets=tuple(sorted([*others, preset], key=lambda known: known.name.lower())))

    def without_preset(self, name: str) -> Settings:
        return replace(self, presets=tuple(known for known in self.presets if known.name != name))


def data_folder() -> Path:
    """Where the app keeps what has to survive: `GOT_APP_DATA`, or the system's place."""
    given = os.environ.get("GOT_APP_DATA")
    return Path(given) if given else platformdirs.user_data_path("got_desktop", appauthor=False) / "app"


def load(folder: Path) -> Settings:
    """The settings in a folder; the defaults where there are none, or they cannot be read."""
    try:
        value = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
        presets = tuple(
            Preset(str(item["name"]), str(item["instruction"]), Drawing.from_json(item["drawing"]))
            for item in value.pop("presets", [])
        )
        drawing = Drawing.from_json(value.pop("drawing", {}))
        known = {field.name for field in fields(Settings)}
        plain = {name: item for name, item in value.items() if name in known}
        plain["recent"] = tuple(map(str, plain.get("recent", ())))
        return Settings(**plain, presets=presets, drawing=drawing)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, EngineError):
        return Settings()


def store(folder: Path, settings: Settings) -> None:
    """Puts the settings in place, in one step. Raises OutputError."""
    presets = [asdict(preset) | {"drawing": preset.drawing.to_json()} for preset in settings.presets]
    value = asdict(settings) | {"presets": presets, "drawing": settings.drawing.to_json()}
    replace_file(folder / "settings.json", json.dumps(value, indent=2).encode())


def replace_file(path: Path, data: bytes) -> None:
    """Writes a file, or replaces it, in one step, in a folder that need not exist. Raises OutputError naming it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.replace_file(path, data)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            "output_unwritable", "{path} cannot be written: {reason}.", "Free some space.", path=path, reason=reason
        ) from error
