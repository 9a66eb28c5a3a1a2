"""The adapters on this machine: LoRA weights that are applied to a model, each a folder with adapter.json and
weights."""

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
"""In the folder of adapters: those that the command line applies, with their weights."""


@dataclass(frozen=True)
class AdapterEntry:
    """A folder with an adapter."""

    name: str
    folder: Path
    description: dict[str, Any]
    """The contents of adapter.json; empty if it cannot be read."""
    bytes_on_disk: int


def user_adapters() -> Path:
    """The folder of adapters: `GOT_ADAPTERS`, or the system's folder for application data."""
    override = os.environ.get("GOT_ADAPTERS")
    return Path(override) if override else platformdirs.user_data_path("got_desktop", appauthor=False) / "adapters"


def list_adapters() -> list[AdapterEntry]:
    """All adapters, by name."""
    folder = user_adapters()
    folders = sorted(folder.iterdir()) if folder.is_dir() else []
    return [_entry(path) for path in folders if (path / CONFIG).is_file() and not path.name.startswith(".")]


def known_adapter(name: str) -> AdapterEntry:
    """The adapter with this name. Raises ModelError listing the known names."""
    entries = {entry.name: entry for entry in list_adapters()}
    if name not in entries:
        names = ", ".join(entries) or Note.of("names", "none")
        raise ModelError(
            "adapter_unknown",
            "There is no adapter “{name}”. Available: {names}.",
            "Choose one of these.",
            name=name,
            names=names,
        )
    return entries[name]


def _entry(folder: Path) -> AdapterEntry:
    # a broken adapter is listed, too; the error is reported when it is used
    try:
        data = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        data = {}
    size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    return AdapterEntry(folder.name, folder, data if isinstance(data, dict) else {}, size)


def used_adapters() -> list[tuple[str, float]]:
    """(name, weight) of the adapters that the command line applies, as set by `use_adapter`."""
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
    """Adds an adapter to those that the command line applies. Returns its name.

    A folder is first copied to the adapters of this machine, where it replaces one with the same name. Raises
    ModelError.
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
    """Makes the command line use the model without adapters."""
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
