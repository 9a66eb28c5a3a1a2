"""Commands that run modules of this program as separate processes, and the errors of those processes."""

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


def child_command(module: str, request: object) -> list[str]:
    """The command that runs an engine module in a separate process; the module prints JSON lines."""
    return module_command(module, json.dumps(request))


def module_command(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of this program, from any working directory."""
    root = str(Path(engine.__file__).resolve().parents[1])
    program = f"import runpy, sys; sys.path.insert(0, {root!r}); runpy.run_module({module!r}, run_name='__main__')"
    return [sys.executable, "-P", "-c", program, *arguments]


def child_error(last: Mapping[str, Any]) -> EngineError:
    """The error in the last line that such a process printed."""
    if "code" not in last:
        return EngineError("import_died", "The import process exited.")
    return from_json(ErrorReply, dict(last)).error()
