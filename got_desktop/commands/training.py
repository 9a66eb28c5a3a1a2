"""`got train`, `got annotate` and `got evaluate`: run the trainer as a separate process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import typer

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
"""All arguments go to the trainer, including --help."""


def train(context: typer.Context) -> None:
    """Fine-tune a model on your own pairs: `got train --init FILE`, then `got train FILE`."""
    _start("training", context.args)


def annotate(context: typer.Context) -> None:
    """Turn before/after pairs into a folder of training data: `got annotate PAIRS -o FOLDER`."""
    _start("training.annotate", context.args)


def evaluate(context: typer.Context) -> None:
    """Measure a model: `got evaluate storybook --samples N --seed S --json FILE`."""
    _start("training.evaluate", context.args)


def _start(module: str, arguments: list[str]) -> None:
    """Runs a trainer module and exits with its exit code."""
    # -P and no empty entry: a folder `training` in the working directory must not be imported instead
    paths = os.pathsep.join(path for path in sys.path if path)
    child = subprocess.Popen([sys.executable, "-P", "-m", module, *arguments], env=os.environ | {"PYTHONPATH": paths})
    signal.signal(signal.SIGTERM, lambda number, frame: child.terminate())
    # The terminal also sends Ctrl+C to the trainer, which handles it. This process must not raise: an exception while
    # the trainer ends would hide its exit code.
    signal.signal(signal.SIGINT, lambda number, frame: None)
    raise typer.Exit(child.wait())
