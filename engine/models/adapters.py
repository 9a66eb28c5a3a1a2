"""The adapters on this machine: LoRA weights that are added to a model, each a folder with adapter.json and weights."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from engine.api.errors import ModelError
from engine.api.files import replace_file
from engine.api.notes import Note

CONFIG, WEIGHTS = "adapter.json", "adapter.safetensors"
USED = "used.json"
"""Beside the adapters: which of them the command line works with, and with what weight."""


@dataclass(frozen=True)
class AdapterEntry:
    """A folder that holds an adapter."""

    name: str
    folder: Path
    description: dict[str, Any]
    """What its adapter.json holds; empty where that cannot be read."""
    bytes_on_disk: int


def user_adapters() -> Path:
    """Where they lie: `GOT_ADAPTERS`, or the system's place for the data of programs."""
    given = os.environ.get("GOT_ADAPTERS")
    return Path(given) if given else platformdirs.user_data_path("got_desktop", appauthor=False) / "adapters"


def list_adapters() -> list[AdapterEntry]:
    """All adapters, by name."""
    folder = user_adapters()
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [_entry(path) for path in found if (path / CONFIG).is_file() and not path.name.startswith(".")]


def known_adapter(name: str) -> AdapterEntry:
    """The adapter of that name. Raises ModelError naming the known ones."""
    known = {entry.name: entry for entry in list_adapters()}
    if name not in known:
        names = ", ".join(known) or Note.of("names", "none")
        raise ModelError(
            "adapter_unknown",
            "There is no adapter “{name}”. Available: {names}.",
            "Choose one of these.",
            name=name,
            names=names,
        )
    return known[name]


def _entry(folder: Path) -> AdapterEntry:
    # a broken adapter is listed all the same; what is wrong is said when it is used
    try:
        data = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        data = {}
    size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    return AdapterEntry(folder.name, folder, data if isinstance(data, dict) else {}, size)


def used_adapters() -> list[tuple[str, float]]:
    """(name, weight) of the adapters that the command line works with, as `use_adapter` left them."""
    try:
        rows = json.loads((user_adapters() / USED).read_text(encoding="utf-8"))
        return [(str(name), float(weight)) for name, weight in rows.items()]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, AttributeError, TypeError) as error:
        path = user_adapters() / USED
        raise ModelError(
            "adapters_unreadable", "{path} cannot be read.", "Reset it with `got model use --off`.", path=path
        ) from error


def use_adapter(adapter: str, weight: float) -> str:
    """From now on the command line works with this adapter, too; its name is given back.

    A folder is copied among the adapters of this machine first, in the place of one of its name. Raises ModelError.
    """
    folder = Path(adapter).expanduser()
    if (folder / CONFIG).is_file():
        name = folder.resolve().name
        _copy(folder, user_adapters() / name)
    else:
        name = known_adapter(adapter).name
    _write_used(dict(used_adapters()) | {name: weight})
    return name


def use_no_adapter() -> None:
    """The command line works with the model alone."""
    _write_used({})


def _copy(folder: Path, place: Path) -> None:
    if folder.resolve() == place.resolve():
        return
    partial = place.with_name(f".{place.name}.new")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(folder, partial)
    shutil.rmtree(place, ignore_errors=True)
    os.replace(partial, place)


def _write_used(used: dict[str, float]) -> None:
    path = user_adapters() / USED
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, json.dumps(used).encode() + b"\n")
