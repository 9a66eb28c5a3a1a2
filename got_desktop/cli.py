"""`got`: the command line. The commands are in `commands`, and the requests that they make in `requests`."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Annotated, cast

import typer

from got_desktop import VERSION
from got_desktop.commands import engine, model, plugin, training
from got_desktop.commands.doctor import doctor
from got_desktop.commands.edit import edit
from got_desktop.commands.generate import generate
from got_desktop.commands.plan import plan
from got_desktop.failure import EXIT_CODES, run

_EPILOG = "Exit codes: " + "; ".join(f"{code} {meaning}" for code, meaning in EXIT_CODES.items()) + "."

app = typer.Typer(
    name="got", no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="rich", epilog=_EPILOG
)
app.command(epilog=_EPILOG)(plan)
app.command(epilog=_EPILOG)(edit)
app.command(epilog=_EPILOG)(generate)
app.add_typer(model.app, name="model")
app.add_typer(engine.app, name="engine")
app.add_typer(plugin.app, name="plugin")
app.command(context_settings=training.PASS_ON)(training.train)
app.command(context_settings=training.PASS_ON)(training.annotate)
app.command(context_settings=training.PASS_ON)(training.evaluate)
app.command()(doctor)


def _print_version(requested: bool) -> None:
    if requested:
        print(f"got_desktop {VERSION}")
        raise typer.Exit()


@app.callback()
def got(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Edit pictures by instruction, with a written plan and red boxes that you can correct."""


def run_command(arguments: Sequence[str]) -> int:
    """Runs one command line and returns its exit code."""
    return run(lambda: int(app(list(arguments), prog_name="got", standalone_mode=False) or 0))


def prepare_process() -> None:
    """Sets up output streams, warnings and signals; called once at the start of a program."""
    for stream in (sys.stdout, sys.stderr):
        cast(TextIOWrapper, stream).reconfigure(errors="replace")  # a terminal shows ? for characters that it lacks
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # library warnings are for developers, not for users
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl+C, without half-written files


def main() -> None:
    """The program `got`."""
    prepare_process()
    sys.exit(run_command(sys.argv[1:]))
