"""Test data that takes long to create and is only read: one worker creates it for all."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.api.runtime import locked


def of_this_run(factory: pytest.TempPathFactory) -> Path:
    """The folder that all workers of this run share."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder of this run that `make` has filled; it must not be changed."""
    folder = of_this_run(factory) / name
    marker = folder.with_name(f"{name}.made")
    with locked(folder.with_name(f"{name}.lock"), 1800):
        if not marker.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            marker.touch()
    return folder
