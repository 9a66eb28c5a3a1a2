"""How failures are reported: one line with the problem and its remedy, and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable

import typer

from engine.api.errors import EngineError
from got_desktop.faults import keep

EXIT_CODES = {
    0: "done",
    1: "an unexpected error, or `got doctor` found a problem",
    2: "the request is wrong",
    3: "the picture cannot be read",
    4: "the model cannot be used",
    5: "the chain cannot be used",
    6: "the result cannot be written",
    7: "the engine does not start, does not answer or has too many jobs waiting",
    130: "cancelled",
}
CANCELLED = 130


def run(program: Callable[[], int]) -> int:
    """Runs a program and returns its exit code; errors are printed to stderr in one line."""
    try:
        code = program()
        if code == CANCELLED:
            say("Cancelled.")
        return code
    except EngineError as error:
        say(str(error))
        return error.exit_code
    except typer.TyperException as error:
        say(f"{error.format_message().rstrip('.')}. Run `{_command(error)} --help`.")
        return 2
    except Exception as error:
        say(str(keep(error)))
        return 1


def say(text: str) -> None:
    """Prints one line to stderr; line breaks and control characters are escaped."""
    line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    print(f"got: {line}", file=sys.stderr, flush=True)


def _command(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    return context.command_path if context else "got"
