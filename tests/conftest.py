"""What every test shares: no network, quiet Hypothesis, the golden data, and skips that say why."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from engine.api import language

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "golden" / "data"
COVERED = (ROOT / "tests" / "engine", ROOT / "tests" / "golden")
"""Tests of what pyproject.toml has the coverage of."""
EVERYDAY = "not slow and not full"
"""What `-m` is in pyproject.toml, for a run without `--full`."""

os.environ["HF_HUB_OFFLINE"] = "1"  # read when transformers and diffusers are imported: nothing is fetched in a test
os.environ.setdefault("OMP_NUM_THREADS", "1")  # test processes run side by side; more threads wait for each other

settings.register_profile("house", deadline=None, print_blob=True)  # a first call that loads torch is not a slow test
settings.load_profile("house")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def golden() -> Path:
    """The reference's checkpoint and results (cases.json lies in the folder `golden` of it)."""
    return GOLDEN


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """No test leaves its language to the next."""
    yield
    language.choose(Path(), ())


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="also what tries often, trains, kills processes or measures")


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
    """What the libraries keep for good is not looked through again and again: a twentieth of the time."""
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu"):
        import torch

        interpreted = item.path.stem == "test_kernels" and os.environ.get("TRITON_INTERPRET")
        if not torch.cuda.is_available() and not interpreted:
            pytest.skip("needs an NVIDIA card")
    if item.get_closest_marker("weights") and not os.environ.get("GOT_WEIGHTS"):
        pytest.skip("needs the released weights: set GOT_WEIGHTS to their folder")
    if item.get_closest_marker("hosts") and not os.environ.get("GOT_HOSTS"):
        pytest.skip("drives a real Krita and GIMP: run tests/hosts/run, which installs them (Debian, as root)")
