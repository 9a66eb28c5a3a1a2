"""The models on this machine: those that are shipped, and the user's own.

Only reads `got.json` and file sizes, so listing models does not load torch.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from engine.api.errors import ModelError
from engine.api.files import replace_file
from engine.api.notes import Note

SHIPPED = Path(__file__).resolve().parents[2] / "resources" / "models"

_ELSEWHERE = "elsewhere.json"
_NOT_A_MODEL = "Choose a folder that contains got.json, or import a released model with `got model import`."


@dataclass(frozen=True)
class ModelEntry:
    """A folder in the native layout."""

    name: str
    """The folder's name, or the name under which it is registered; accepted by `find_model`."""
    folder: Path
    description: dict[str, Any]
    """The contents of got.json (name, license, image_size, source_size, ...); empty if it cannot be read."""
    bytes_on_disk: int


def user_models() -> Path:
    """The folder of the user's own models: `GOT_MODELS`, or the system's folder for application data."""
    override = os.environ.get("GOT_MODELS")
    return Path(override) if override else platformdirs.user_data_path("got_desktop", appauthor=False) / "models"


def list_models() -> list[ModelEntry]:
    """All models, by name. A user's model replaces a shipped one with the same name."""
    folders = {name: Path(folder) for name, folder in _elsewhere().items() if _is_model(Path(folder))}
    folders |= {folder.name: folder for models in (SHIPPED, user_models()) for folder in _models_in(models)}
    return [_entry(name, folder) for name, folder in sorted(folders.items())]


def remember(folder: Path) -> str:
    """Registers a model in another folder. Returns its name. Raises ModelError if the folder is not a model."""
    folder = folder.expanduser().resolve()
    if not _is_model(folder):
        raise ModelError(
            "model_folder_wrong", "{folder} is not a GoT model: it contains no got.json.", _NOT_A_MODEL, folder=folder
        )
    for entry in list_models():
        if entry.folder == folder:
            return entry.name
    names = {entry.name for entry in list_models()}
    suffix = hashlib.sha256(str(folder).encode()).hexdigest()[:6]
    name = folder.name if folder.name not in names else f"{folder.name}-{suffix}"
    register = user_models() / _ELSEWHERE
    register.parent.mkdir(parents=True, exist_ok=True)
    replace_file(register, json.dumps({**_elsewhere(), name: str(folder)}, indent=2).encode())
    return name


def known_model(name: str) -> ModelEntry:
    """The model with this name, which is never taken for a path. Raises ModelError listing the known names."""
    entries = {entry.name: entry for entry in list_models()}
    if name not in entries:
        names = ", ".join(entries) or Note.of("names", "none")
        raise ModelError(
            "model_unknown", "There is no model “{name}”. Available: {names}.", _NOT_A_MODEL, name=name, names=names
        )
    return entries[name]


def _elsewhere() -> dict[str, str]:
    """Registered models in other folders, by name."""
    return {name: str(folder) for name, folder in _description(user_models() / _ELSEWHERE).items()}


def find_model(name: str | Path) -> ModelEntry:
    """The model with this name, or in this folder. Raises ModelError listing the known names."""
    entries = {entry.name: entry for entry in list_models()}
    folder = Path(name).expanduser()
    if str(name) in entries:
        return entries[str(name)]
    if _is_model(folder):
        return _entry(folder.name, folder.resolve())
    if folder.exists():
        raise ModelError(
            "model_folder_wrong", "{folder} is not a GoT model: it contains no got.json.", _NOT_A_MODEL, folder=folder
        )
    return known_model(str(name))


def resolve(name: str | Path) -> Path:
    """The folder of a model, by name or path. Raises ModelError listing the known names."""
    return find_model(name).folder


def partial_folder(model: Path) -> Path:
    """The folder that holds the finished files of an interrupted import; not listed in the catalog."""
    return model.absolute().parent / f".{model.name}.partial"


def _models_in(folder: Path) -> list[Path]:
    """The models in a folder of models, without those that are being written, whose names begin with a dot."""
    if not folder.is_dir():
        return []
    return [path for path in folder.iterdir() if _is_model(path) and not path.name.startswith(".")]


def _is_model(folder: Path) -> bool:
    return (folder / "got.json").is_file()


def _entry(name: str, folder: Path) -> ModelEntry:
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return ModelEntry(name, folder, _description(folder / "got.json"), size)


def _description(path: Path) -> dict[str, Any]:
    # a broken model is listed, too; the error is reported when it is loaded
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
