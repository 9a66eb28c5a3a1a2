"""What every test shares: no network, quiet Hypothesis, the golden data, and skips that say why."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT.parent / "shared" / "golden"

os.environ["HF_HUB_OFFLINE"] = "1"  # read when transformers and diffusers are imported: nothing is fetched in a test

settings.register_profile("house", deadline=None, print_blob=True)  # a first call that loads torch is not a slow test
settings.load_profile("house")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder of the reference's results (golden/cases.json lies in its folder `golden`)."""
    if not GOLDEN.is_dir():
        pytest.skip("the golden data of the reference is absent: it is looked for at ../shared/golden")
    return GOLDEN


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("needs an NVIDIA card")
    if item.get_closest_marker("weights") and not os.environ.get("GOT_WEIGHTS"):
        pytest.skip("needs the released weights: set GOT_WEIGHTS to their folder")
    if item.get_closest_marker("hosts") and not os.environ.get("GOT_HOSTS"):
        pytest.skip("drives a real Krita and GIMP: run tests/hosts/run, which installs them (Debian, as root)")
