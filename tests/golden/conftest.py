from pathlib import Path

import pytest
import torch

from engine.got import GoTPipeline
from engine.models.convert import import_released
from tests.golden.recorder import CHECKPOINTS


@pytest.fixture(scope="session", params=CHECKPOINTS)
def pipeline(request: pytest.FixtureRequest, golden: Path, tmp_path_factory: pytest.TempPathFactory) -> GoTPipeline:
    """The reference's checkpoint, imported once a session."""
    folder = tmp_path_factory.mktemp("models") / request.param
    import_released(golden, folder, checkpoint=request.param, source_size=112)
    return GoTPipeline.from_pretrained(folder)


@pytest.fixture(scope="session")
def in_bfloat16(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> GoTPipeline:
    """What a graphics card calculates in, on this processor."""
    folder = tmp_path_factory.mktemp("models") / CHECKPOINTS[0]
    import_released(golden, folder, checkpoint=CHECKPOINTS[0], source_size=112)
    return GoTPipeline.from_pretrained(folder, dtype=torch.bfloat16)
