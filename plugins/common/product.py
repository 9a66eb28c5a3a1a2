"""Finds the engine, or starts it with what `got plugin install` noted beside the plug-in."""

from __future__ import annotations

import json
from pathlib import Path

from engine.api import launch
from engine.api.errors import EngineUnavailable
from engine.api.launch import Engine

MARKER = "got_desktop.json"
_NOWHERE = "got_desktop is not installed"


def connect(name: str, folder: Path) -> Engine:
    """The engine, for the plug-in in `folder`. Raises FileNotFoundError where none runs and none can be started."""
    command = json.loads((folder / MARKER).read_bytes())["engine_command"]
    # never the host's own program, which is what Python there takes for itself
    return launch.connect(name, command=command or [_NOWHERE])


def missing() -> EngineUnavailable:
    """What a user is told who has the plug-in, but not the product any more, or not yet."""
    return EngineUnavailable(
        "product_missing",
        "No engine is running, and this plug-in cannot find got_desktop.",
        "Install got_desktop and run `got plugin install all`, or start the engine with `got engine start`.",
    )
