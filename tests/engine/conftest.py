"""What the tests of the engine process share: the tiny model on disk, and places for engines."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.engine.running import Place, save_tiny
from tests.once import once


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shutil.copytree(once(tmp_path_factory, "tiny", save_tiny), tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def place(tmp_path: Path, tiny_model: Path) -> Iterator[Callable[..., Place]]:
    """Makes a place for an engine; every engine that is started there is gone after the test."""
    made: list[Place] = []

    def make(name: str = "engine", command: list[str] | None = None, **settings: object) -> Place:
        chosen = {key: str(value) for key, value in settings.items()}
        made.append(Place(tmp_path / name, tiny_model.parent, chosen, command))
        return made[-1]

    yield make
    for place in made:
        place.end()


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Iterator[Place]:
    """One engine for all tests that leave it as it was, with a lease on it."""
    place = Place(tmp_path_factory.mktemp("served"), tiny_model.parent)
    with place.connect() as engine:
        place.engine = engine
        yield place
    place.end()
