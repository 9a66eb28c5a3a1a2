"""EngineSettings: where the engine keeps what it keeps, and its limits."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import get_type_hints

import platformdirs

from engine.api.runtime import runtime_folder


def _data_folder() -> Path:
    return platformdirs.user_data_path("got_desktop", appauthor=False) / "engine"


@dataclass(frozen=True)
class EngineSettings:
    """Each can be set by an environment variable: `GOT_ENGINE_DATA`, `GOT_ENGINE_GRACE`, …"""

    runtime: Path = field(default_factory=runtime_folder)
    """Where the runtime file lies."""
    data: Path = field(default_factory=_data_folder)
    """Jobs, pictures, results and the log."""
    grace: float = 10.0
    """Seconds that the engine stays after the last lease."""
    lease: float = 30.0
    """Seconds after which a lease that is not renewed ends."""
    heartbeat: float = 3.0
    """Seconds between two signs of life on a quiet stream."""
    queue: int = 64
    """Jobs that wait at most."""
    unload: float = 600.0
    """Seconds after which a model that nobody used is unloaded."""
    weights: str = "exact"
    """What the UNet calculates with: exact, int8 or fp8."""
    keep_days: float = 7.0
    """How long results and pictures are kept that nobody acknowledged."""
    keep_bytes: int = 5_000_000_000
    """How much of them; the oldest go first."""
    free_bytes: int = 200_000_000
    """What has to be free on the disk for a job to be taken on."""
    upload: int = 512 * 1024**2
    """Bytes of a picture at most."""
    body: int = 1024**2
    """Bytes of any other request at most."""

    @classmethod
    def from_environment(cls) -> EngineSettings:
        """The settings that the environment asks for. Raises ValueError for a value of another type."""
        names = {field.name: f"GOT_ENGINE_{field.name.upper()}" for field in fields(cls)}
        types = get_type_hints(cls)
        return cls(**{name: types[name](value) for name, key in names.items() if (value := os.environ.get(key))})
