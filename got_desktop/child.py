"""Modules of this program as processes of their own, and what those say when they fail."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import engine
from engine.api.encoding import from_json
from engine.api.errors import EngineError
from engine.api.protocol import ErrorReply


def child_command(module: str, given: object) -> list[str]:
    """Starts a module of the engine that speaks in JSON lines, in a process of its own."""
    return module_command(module, json.dumps(given))


def module_command(module: str, *arguments: str) -> list[str]:
    """Starts a module of this program, wherever the process stands."""
    root = str(Path(engine.__file__).resolve().parents[1])
    program = f"import runpy, sys; sys.path.insert(0, {root!r}); runpy.run_module({module!r}, run_name='__main__')"
    return [sys.executable, "-P", "-c", program, *arguments]


def child_error(last: Mapping[str, Any]) -> EngineError:
    """What went wrong, from the last line that such a process said."""
    if "code" not in last:
        return EngineError("import_died", "The import process exited.")
    return from_json(ErrorReply, dict(last)).error()
