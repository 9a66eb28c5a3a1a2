from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from engine.got import GoTPipeline
from engine.got.decoding import Decoder
from engine.got.layout import channels_last, compile_blocks, fuse_projections
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


@pytest.fixture(scope="session")
def as_on_a_card(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GoTPipeline]:
    """All that a card is given for speed: the cache of fixed size, fused projections, compiled blocks, channels last.

    On this processor the planner's steps are not recorded, and the compiler traces but makes no kernels.
    """
    folder = tmp_path_factory.mktemp("models") / CHECKPOINTS[0]
    import_released(golden, folder, checkpoint=CHECKPOINTS[0], source_size=112)
    pipeline = GoTPipeline.from_pretrained(folder)
    pipeline.planner.decoder = Decoder(pipeline.planner.mllm)
    channels_last(pipeline.unet)
    fuse_projections(pipeline.unet)
    assert compile_blocks(pipeline.unet, lambda: pipeline.try_out(64), backend="aot_eager")
    yield pipeline
    torch.compiler.reset()
