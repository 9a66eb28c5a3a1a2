"""The tiny model of these tests, built once per session, and a picture for it."""

import pytest
import torch
from PIL import Image

from engine.got.files.checkpoint import Components
from engine.got.pipeline import GoTPipeline
from engine.got.planners.got import GoTPlanner
from tests.engine.got.tiny import learn_by_heart, make_components


@pytest.fixture(scope="session")
def components() -> Components:
    torch.manual_seed(0)
    return make_components()


@pytest.fixture(scope="session")
def pipeline(components: Components) -> GoTPipeline:
    """The model that has memorized its chains. A test that changes it must restore it."""
    pipeline = GoTPipeline.from_components(components)
    learn_by_heart(pipeline.planner)
    return pipeline


@pytest.fixture
def planner(pipeline: GoTPipeline) -> GoTPlanner:
    return pipeline.planner


@pytest.fixture(scope="session")
def source() -> Image.Image:
    """A picture twice as wide as high, in which all rows and columns differ."""
    x, y = torch.linspace(0, 255, 96), torch.linspace(0, 255, 48)
    pixels = torch.stack([x.expand(48, -1), y[:, None].expand(-1, 96), (x + y[:, None]) / 2], dim=-1)
    return Image.fromarray(pixels.to(torch.uint8).numpy())
