"""`got train`, `got annotate` and `got evaluate`: the trainer, started as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import typer

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
"""Every argument is the trainer's, --help too."""


def train(context: typer.Context) -> None:
    """Fine-tune a model on your own pairs: `got train --init FILE`, then `got train FILE`."""
    _start("training", context.args)


def annotate(context: typer.Context) -> None:
    """Bring pictures before and after an edit into a folder to train from: `got annotate PAIRS -o FOLDER`."""
    _start("training.annotate", context.args)


def evaluate(context: typer.Context) -> None:
    """Measure a model: `got evaluate storybook --samples N --seed S --json FILE`."""
    _start("training.evaluate", context.args)


def _start(module: str, arguments: list[str]) -> None:
    """Runs a module of the trainer to its end, and ends with its exit code."""
    # -P and no empty entry: a folder `training` where the user happens to stand is not taken for ours
    paths = os.pathsep.join(path for path in sys.path if path)
    child = subprocess.Popen([sys.executable, "-P", "-m", module, *arguments], env=os.environ | {"PYTHONPATH": paths})
    signal.signal(signal.SIGTERM, lambda number, frame: child.terminate())
    # The terminal sends Ctrl+C to the trainer too, which ends in its own way. Here nothing may be raised: an exception
    # that comes as the trainer ends would take its exit code with it.
    signal.signal(signal.SIGINT, lambda number, frame: None)
    raise typer.Exit(child.wait())
