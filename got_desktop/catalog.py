"""The models on this machine, and the folder of the user's own models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.api.errors import ModelError


def model_name(model: str) -> str:
    """The catalog name of a model, from its name or folder. Raises ModelError."""
    from engine.models.catalog import find_model, remember

    entry = find_model(model)
    return entry.name if entry.name == model else remember(entry.folder)


def model_list() -> list[dict[str, Any]]:
    """Name, image size, license, size on disk and folder of each model in the catalog."""
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
    """The model's description from got.json. Raises ModelError if it cannot be read."""
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
    """The folder of the user's own models."""
    from engine.models.catalog import user_models

    return user_models()


def free_name(name: str) -> str:
    """The name, with a number appended if one of the user's own models already has it."""
    folder = own_models()
    names = [name, *(f"{name}-{number}" for number in range(2, 1000))]
    return next(candidate for candidate in names if not (folder / candidate).exists())
