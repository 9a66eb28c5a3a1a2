"""The models that are found on this machine, and where the user's own lie."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.api.errors import ModelError


def model_name(model: str) -> str:
    """The catalog's name of a model that is given by name or folder. Raises ModelError."""
    from engine.models.catalog import find_model, remember

    entry = find_model(model)
    return entry.name if entry.name == model else remember(entry.folder)


def model_list() -> list[dict[str, Any]]:
    """Each model of the catalog in a few facts."""
    from engine.models.catalog import list_models

    return [
        {
            "name": entry.name,
            "image_size": entry.description.get("image_size"),
            "license": entry.description.get("license"),
            "megabytes": round(entry.bytes_on_disk / 1e6, 1),
            "folder": str(entry.folder),
        }
        for entry in list_models()
    ]


def model_info(model: str) -> dict[str, Any]:
    """All that a model says about itself. Raises ModelError where its got.json cannot be read."""
    from engine.models.catalog import find_model

    entry = find_model(model)
    if not entry.description:
        raise ModelError(
            "model_file_broken",
            "{path} cannot be read.",
            "Import or download the model again.",
            path=entry.folder / "got.json",
        )
    return {"folder": str(entry.folder), "megabytes": round(entry.bytes_on_disk / 1e6, 1)} | entry.description


def own_models() -> Path:
    """Where the user's own models lie."""
    from engine.models.catalog import user_models

    return user_models()


def free_name(name: str) -> str:
    """That name, or with a number behind it, which none of the user's own models has."""
    folder = own_models()
    names = [name, *(f"{name}-{number}" for number in range(2, 1000))]
    return next(one for one in names if not (folder / one).exists())
