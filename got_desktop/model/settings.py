"""Drawing options, as presets store them, and the app's own settings."""

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
from engine.api.origin import Origin, Task
from engine.api.protocol import DrawingOptions, EditOptions, GenerateOptions

PAPER_SCALES = {"edit": (4.0, 3.0, 1.5), "text_to_image": (7.5, 4.0, 1.0)}
"""Semantic, spatial, reference (arXiv 2503.10639, sec. 5.1); a model's own defaults override them."""
PAPER_STEPS = 50
SEEDS_BY_LOT = 1_000_000
"""Random seeds are below this: enough for a new picture each time, and short enough to read and type."""


@dataclass(frozen=True, kw_only=True)
class Drawing(EditOptions, GenerateOptions):
    """How a picture is planned and drawn: the engine's options and the app's own."""

    model: str = "got-mini"
    adapter: str = ""
    adapter_weight: float = 1.0
    seed_locked: bool = False
    """False: each run uses a new seed."""
    new_picture: bool = False
    """True: draw a picture from a caption instead of an edit."""

    def with_values(self, **change: object) -> Drawing:
        """Changes values, by the names of options and fields. Raises RequestError."""
        return options.with_values(self, change)

    @property
    def task(self) -> Task:
        return "text_to_image" if self.new_picture else "edit"

    def for_task(self, task: Task) -> Drawing:
        return replace(self, new_picture=task == "text_to_image")

    def origin_of(self, words: str, image: str = "") -> Origin:
        """The origin of a plan that is made for these words with these settings."""
        return Origin(task=self.task, instruction=words, model=self.model, adapter=self.adapter, image=image)

    def with_next_seed(self) -> Drawing:
        return replace(self, seed=(self.seed + 1) % LARGEST_SHOWN)

    def with_any_seed(self) -> Drawing:
        return replace(self, seed=secrets.randbelow(SEEDS_BY_LOT))

    def uses(self, option: Option) -> bool:
        """Whether the option has an effect with the current values of the others."""
        other = set(options.options_of(EditOptions if self.new_picture else GenerateOptions))
        if option in other.difference(options.options_of(DrawingOptions)):
            return False
        return option.unless is None or options.values(self)[option.unless[0]] != option.unless[1]

    def to_json(self) -> dict[str, Any]:
        """All values in one dictionary, each option under its name."""
        return {name: getattr(self, name) for name in sorted(_OWN)} | options.values(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Drawing:
        """Reads the known values; files of other versions may contain more or fewer. Raises RequestError."""
        names = {*_OWN, *options.values(cls())}
        return cls().with_values(**{name: item for name, item in value.items() if name in names})


_OWN = {one.name for one in fields(Drawing)} - {one.path[0] for one in options.options_of(Drawing)}
"""The fields that are not engine options."""


def paper_values(task: str) -> dict[str, Any]:
    """The values that the authors of the method used, by option name."""
    scales = zip(("semantic", "spatial", "reference"), PAPER_SCALES[task], strict=True)
    return dict(scales) | {"steps": PAPER_STEPS, "scheduler": "euler"}


def defaults_of(description: Mapping[str, Any], task: str) -> dict[str, Any]:
    """A model's default values by option name: from its own description, otherwise from the paper."""
    own = dict(description.get("defaults", {}))
    own |= own.pop("guidance_scales", {}).get(task, {})
    model_values = {one.name: own[one.path[-1]] for one in options.options_of(Drawing) if one.path[-1] in own}
    return paper_values(task) | model_values


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
    """A language code; empty: the system's language."""
    save_facts: bool = True
    """Store instruction, chain, boxes, seed and model in saved files."""
    keep_pairs: bool = False
    """Keep each accepted edit as a training pair."""
    snap: bool = True
    device: str = "auto"
    """The device that models run on: "auto", or one of the engine's such as "cpu" or "cuda:0"."""
    history_kept: int = 500
    """Number of edits without a star that the history keeps."""
    first_start: bool = True
    hidden_panels: tuple[str, ...] = ()
    """The editor's panels that the user hid: "left", "right" or "bottom"."""
    recent: tuple[str, ...] = ()
    presets: tuple[Preset, ...] = ()
    drawing: Drawing = field(default_factory=Drawing)
    instruction: str = ""

    def with_recent(self, path: Path) -> Settings:
        """Puts a file first in the list of at most ten."""
        others = [recent for recent in self.recent if recent != str(path)]
        return replace(self, recent=(str(path), *others[:9]))

    def with_preset(self, preset: Preset) -> Settings:
        """Adds a preset, replacing one of the same name."""
        others = [other for other in self.presets if other.name != preset.name]
        return replace(self, presets=tuple(sorted([*others, preset], key=lambda each: each.name.lower())))

    def with_panel(self, name: str, visible: bool) -> Settings:
        others = tuple(hidden for hidden in self.hidden_panels if hidden != name)
        return replace(self, hidden_panels=others if visible else (*others, name))

    def without_preset(self, name: str) -> Settings:
        return replace(self, presets=tuple(preset for preset in self.presets if preset.name != name))


def data_folder() -> Path:
    """The folder of the app's data: `GOT_APP_DATA`, or the system's folder for application data."""
    folder = os.environ.get("GOT_APP_DATA")
    return Path(folder) if folder else platformdirs.user_data_path("got_desktop", appauthor=False) / "app"


def load(folder: Path) -> Settings:
    """The settings in a folder; the defaults if there are none or they cannot be read."""
    try:
        value = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
        presets = tuple(
            Preset(str(item["name"]), str(item["instruction"]), Drawing.from_json(item["drawing"]))
            for item in value.pop("presets", [])
        )
        drawing = Drawing.from_json(value.pop("drawing", {}))
        names = {field.name for field in fields(Settings)}
        plain = {name: item for name, item in value.items() if name in names}
        for name in ("recent", "hidden_panels"):
            plain[name] = tuple(map(str, plain.get(name, ())))
        return Settings(**plain, presets=presets, drawing=drawing)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, EngineError):
        return Settings()


def store(folder: Path, settings: Settings) -> None:
    """Replaces the settings file atomically. Raises OutputError."""
    presets = [asdict(preset) | {"drawing": preset.drawing.to_json()} for preset in settings.presets]
    value = asdict(settings) | {"presets": presets, "drawing": settings.drawing.to_json()}
    replace_file(folder / "settings.json", json.dumps(value, indent=2).encode())


def replace_file(path: Path, data: bytes) -> None:
    """Creates or replaces a file atomically, and its folder if needed. Raises OutputError with its path."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.replace_file(path, data)
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            "output_unwritable", "{path} cannot be written: {reason}.", "Free some space.", path=path, reason=reason
        ) from error
