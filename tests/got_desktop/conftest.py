"""Fixtures: a tiny model on disk, a picture for it, and `got` as a function."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from got_desktop.cli import run_command
from tests.engine.place import CHAIN, INSTRUCTION, Place, scene
from tests.once import once

__all__ = ["CHAIN", "INSTRUCTION"]


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that knows one edit and one caption, in the native layout."""

    def make(folder: Path) -> None:
        from tests.engine.running import save_tiny  # imports torch, which the window's tests do not need

        save_tiny(folder)

    return shutil.copytree(once(tmp_path_factory, "tiny", make), tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def engine_place(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Iterator[Place]:
    """The engine of these tests: the first test that needs it starts it, and later tests find it."""
    place = Place(tmp_path_factory.mktemp("engine"), tiny_model.parent)
    yield place
    place.end()


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, engine_place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs each test in an empty folder, with the tiny model in the catalog."""
    monkeypatch.chdir(tmp_path)
    for name, value in engine_place.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """scene.png: 96×48 pixels, with no two equal rows or columns."""
    scene().save(tmp_path / "scene.png")
    return tmp_path / "scene.png"


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    """chain.txt: the chain of `INSTRUCTION`."""
    (tmp_path / "chain.txt").write_text(CHAIN + "\n", encoding="utf-8")
    return tmp_path / "chain.txt"


@dataclass(frozen=True)
class CommandResult:
    """The exit code and output of one command line."""

    code: int
    out: str
    err: str


@pytest.fixture
def got(capsys: pytest.CaptureFixture[str]) -> Callable[..., CommandResult]:
    """A function that runs `got` with its arguments."""

    def run(*arguments: object) -> CommandResult:
        capsys.readouterr()
        code = run_command([str(argument) for argument in arguments])
        output = capsys.readouterr()
        return CommandResult(code, output.out, output.err)

    return run
