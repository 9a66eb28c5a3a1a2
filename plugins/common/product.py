"""Finds the engine, or starts it with the command that `got plugin install` stored next to the plug-in."""

from __future__ import annotations

import json
from pathlib import Path

from engine.api import launch
from engine.api.errors import EngineUnavailable
from engine.api.launch import Engine

MARKER = "got_desktop.json"
_NO_PROGRAM = "got_desktop is not installed"


def connect(name: str, folder: Path) -> Engine:
    """The engine, for the plug-in in `folder`. Raises FileNotFoundError if none is running and none can be started."""
    command = json.loads((folder / MARKER).read_bytes())["engine_command"]
    # never the host's own program, which the host's Python reports as sys.executable
    return launch.connect(name, command=command or [_NO_PROGRAM])


def missing() -> EngineUnavailable:
    """The error for a user who has the plug-in but not got_desktop."""
    return EngineUnavailable(
        "product_missing",
        "No engine is running, and this plug-in cannot find got_desktop.",
        "Install got_desktop and run `got plugin install all`, or start the engine with `got engine start`.",
    )
