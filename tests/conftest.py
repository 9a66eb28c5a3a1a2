"""Set-up for all tests: no network, quiet Hypothesis, the golden data, and skips with a reason."""

import contextlib
import functools
import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from engine.api import language, launch

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "golden" / "data"
COVERED = (ROOT / "tests" / "engine", ROOT / "tests" / "golden")
"""Tests of the code for which pyproject.toml measures coverage."""
EVERYDAY = "not slow and not full"
"""Value of `-m` in pyproject.toml, for a run without `--full`."""

_AS_FOR_A_USER = launch._command

os.environ["HF_HUB_OFFLINE"] = "1"  # read at the import of transformers and diffusers: tests download nothing
os.environ.setdefault("OMP_NUM_THREADS", "1")  # test processes run in parallel; more threads would wait for each other

# the first call may load torch, which does not make the test slow
settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def golden() -> Path:
    """The reference implementation's checkpoint and results (cases.json is in its folder `golden`)."""
    return GOLDEN


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Resets the language after each test."""
    yield
    language.choose(Path(), ())


@pytest.fixture(scope="session", autouse=True)
def _engines_start_quickly(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Engines are forked by a process that has imported their libraries, which takes longer than most tests.

    Tests of starting an engine are marked `own_engine`: there it is started as for a user.
    """
    if os.name == "nt":
        yield
        return
    from tests.ready import Ready

    with contextlib.ExitStack() as ended, pytest.MonkeyPatch.context() as patch:

        @functools.cache
        def command() -> list[str]:
            ready = Ready(ROOT / "engine" / "__main__.py", tmp_path_factory.mktemp("ready"))
            ended.callback(ready.close)
            return ready.command

        patch.setattr(launch, "_command", command)
        yield


@pytest.fixture(autouse=True)
def _own_engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.node.get_closest_marker("own_engine"):
        monkeypatch.setattr(launch, "_command", _AS_FOR_A_USER)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="also run stress runs, training, kills and measurements")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--full"):
        os.environ["GOT_CAMPAIGN"] = "full"  # before tests/campaign.py is imported, in every process of the run
        if config.option.markexpr == EVERYDAY:
            config.option.markexpr = "not slow"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The gate in pyproject.toml is for the method and the public API; tracing other tests would take a fifth of their
    time. The gate in tests/coverage.toml is for all packages."""
    if str(config.getoption("cov_config", "")).endswith("coverage.toml"):
        return
    for item in items:
        if not any(item.path.is_relative_to(folder) for folder in COVERED):
            item.add_marker("no_cover")


def pytest_collection_finish() -> None:
    """Excludes the libraries' permanent objects from garbage collection, which saves a twentieth of the time."""
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu"):
        import torch

        interpreted = item.path.stem == "test_kernels" and os.environ.get("TRITON_INTERPRET")
        if not torch.cuda.is_available() and not interpreted:
            pytest.skip("needs an NVIDIA GPU")
    if item.get_closest_marker("weights") and not os.environ.get("GOT_WEIGHTS"):
        pytest.skip("needs the released weights: set GOT_WEIGHTS to their folder")
    if item.get_closest_marker("hosts") and not os.environ.get("GOT_HOSTS"):
        pytest.skip("drives a real Krita and GIMP: run tests/hosts/run, which installs them (Debian, as root)")
