"""Where real engine processes live in tests, each with folders of its own, and pictures for them; without torch."""

from __future__ import annotations

import io
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from engine.api import launch
from engine.api.client import EngineClient
from engine.api.launch import Engine, connect, find
from engine.api.runtime import read_runtime
from tests.engine.got.lessons import EDIT, EDIT_TURNS

INSTRUCTION, CHAIN = EDIT, EDIT_TURNS[0]
"""What the tiny model is asked for, and what it has learnt to answer."""


def scene(width: int = 96, height: int = 48) -> Image.Image:
    """RGB, no two rows or columns alike."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([x, y, (x + y) / 2], -1).astype(np.uint8))


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def picture(data: bytes) -> np.ndarray:
    """The pixels of an encoded picture."""
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


@dataclass
class Place:
    """Where one engine lives; `settings` go into its environment."""

    folder: Path
    models: Path
    settings: dict[str, str] = field(default_factory=dict)
    command: list[str] | None = None
    engine: Engine = field(init=False, repr=False, compare=False)
    """Where a fixture holds one."""

    @property
    def runtime(self) -> Path:
        return self.folder / "run"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def adapters(self) -> Path:
        return self.folder / "adapters"

    def environment(self) -> dict[str, str]:
        return {
            "GOT_MODELS": str(self.models),
            "GOT_ADAPTERS": str(self.adapters),
            "GOT_ENGINE_RUNTIME": str(self.runtime),
            "GOT_ENGINE_DATA": str(self.data),
            "OMP_NUM_THREADS": "1",
            **{f"GOT_ENGINE_{name.upper()}": value for name, value in self.settings.items()},
        }

    def connect(self, name: str = "test") -> Engine:
        """The engine, started if need be, with this place's environment."""
        setting = [f"{name}={value}" for name, value in self.environment().items()]
        program = self.command or launch._command()
        return connect(name, self.runtime, ["env", *setting, *program])

    def find(self) -> EngineClient | None:
        return find(self.runtime)

    def end(self) -> None:
        """Ends the engine that is there, in order or not."""
        runtime = read_runtime(self.runtime) if self.runtime.exists() else None
        if runtime is not None and runtime.alive and runtime.pid != os.getpid():  # some tests are their own engine
            os.kill(runtime.pid, 9)
            while runtime.alive:
                time.sleep(0.01)
        for process in launch._processes:  # where this process started it, it is to be waited for too
            if runtime is not None and process.pid == runtime.pid:
                process.wait(600)
            process.poll()

    def log(self) -> str:
        return (self.data / "engine.log").read_text()
