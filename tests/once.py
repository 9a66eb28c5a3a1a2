"""What takes long to make and is only read: one worker makes it for all."""

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
    """A folder of this run that `make` fills, unless it is filled already. It is not to be changed."""
    folder = of_this_run(factory) / name
    made = folder.with_name(f"{name}.made")
    with locked(folder.with_name(f"{name}.lock"), 1800):
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            made.touch()
    return folder
