from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from engine.got import GoTPipeline
from engine.got.kernels.layers import use_own_layers
from engine.got.planners.decoding import Decoder
from engine.got.renderers.compiled import channels_last, compile_blocks, fuse_projections
from engine.models.convert import import_released
from tests.golden.recorder import CHECKPOINTS
from tests.once import once


@pytest.fixture(scope="session")
def imported(golden: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of one of the reference's checkpoints, imported once per run."""

    def folder_of(checkpoint: str) -> Path:
        def make(folder: Path) -> None:
            import_released(golden, folder, checkpoint=checkpoint, source_size=112)

        return once(tmp_path_factory, checkpoint, make)

    return folder_of


@pytest.fixture(scope="session", params=CHECKPOINTS)
def pipeline(request: pytest.FixtureRequest, imported: Callable[[str], Path]) -> GoTPipeline:
    return GoTPipeline.from_pretrained(imported(request.param))


@pytest.fixture(scope="session")
def in_bfloat16(imported: Callable[[str], Path]) -> GoTPipeline:
    """The dtype of a GPU, on this CPU."""
    return GoTPipeline.from_pretrained(imported(CHECKPOINTS[0]), dtype=torch.bfloat16)


@pytest.fixture(scope="session")
def as_on_a_card(imported: Callable[[str], Path]) -> Iterator[GoTPipeline]:
    """All optimizations for a GPU: the cache of fixed size, fused projections, compiled blocks and channels last.

    On the CPU the planner's steps are not recorded, and the compiler traces but generates no kernels.
    """
    pipeline = GoTPipeline.from_pretrained(imported(CHECKPOINTS[0]))
    pipeline.planner.decoder = Decoder(pipeline.planner.mllm)
    channels_last(pipeline.renderer.unet)
    use_own_layers(pipeline.renderer.unet)
    use_own_layers(pipeline.renderer.vae)
    fuse_projections(pipeline.renderer.unet)
    assert compile_blocks(pipeline.renderer.unet, lambda: pipeline.try_out(64), backend="aot_eager")
    yield pipeline
    torch.compiler.reset()
