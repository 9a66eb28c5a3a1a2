"""Steps with the feature cache: correct up to rounding if nothing has changed, and whole steps at the right
intervals."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import UNet2DConditionModel
from PIL import Image
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from engine.got.pipeline import GoTPipeline
from engine.got.renderers.conditioning import Conditioning, SemanticGuidance, size_ids
from engine.got.renderers.denoise import GuidedUNet, denoise
from engine.got.renderers.guidance import GuidanceScales, needed_branches
from engine.got.renderers.reuse import ReusingUNet
from engine.got.renderers.schedulers import make_scheduler
from tests.engine.got.lessons import EDIT, EDIT_TURNS
from tests.engine.got.tiny import make_unet

ALL_BRANCHES = needed_branches(GuidanceScales(4, 3, 1.5))
TIMESTEP = torch.tensor(500.0)


@pytest.fixture(autouse=True)
def inference() -> Iterator[None]:
    with torch.inference_mode():
        yield


def made_of(config: dict[str, Any]) -> UNet2DConditionModel:
    unet = UNet2DConditionModel.from_config(config)
    assert isinstance(unet, UNet2DConditionModel)
    return unet.eval()


def tiny(**other: object) -> UNet2DConditionModel:
    torch.manual_seed(5)
    return made_of(dict(make_unet().config) | other)


def attending_outermost() -> UNet2DConditionModel:
    return tiny(
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D")
    )


def deep() -> UNet2DConditionModel:
    """With as many blocks and layers as SDXL's."""
    return tiny(
        block_out_channels=(8, 16, 16),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=2,
    )


def fused() -> UNet2DConditionModel:
    unet = deep().to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's own method supports it
    unet.fuse_qkv_projections()
    return unet


def got_mini() -> UNet2DConditionModel:
    torch.manual_seed(5)
    return made_like("resources/models/got-mini/unet/config.json")


def made_like(path: str) -> UNet2DConditionModel:
    config = json.loads((Path(__file__).parents[4] / path).read_text("utf-8"))
    return made_of(config | {"in_channels": 12})


def conditioning_for(unet: UNet2DConditionModel) -> Conditioning:
    torch.manual_seed(3)
    dim = unet.config["cross_attention_dim"]
    pooled = unet.config["projection_class_embeddings_input_dim"] - 6 * unet.config["addition_time_embed_dim"]
    semantic = SemanticGuidance(torch.randn(1, 4, dim), torch.randn(1, 4, dim), torch.randn(1, pooled))
    return Conditioning(semantic, torch.randn(1, 4, 8, 8), torch.randn(1, 4, 8, 8), size_ids((64, 64)))


def noise(seed: int) -> Tensor:
    return torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(seed))


@contextmanager
def whole_steps(unet: nn.Module) -> Iterator[list[int]]:
    """The number of samples in each call of the innermost block; a step with cached features makes no call."""
    counts: list[int] = []
    hook = unet.get_submodule("mid_block").register_forward_pre_hook(lambda block, args: counts.append(len(args[0])))
    yield counts
    hook.remove()


@pytest.mark.parametrize("batch_size", [4, 3, 1])
@pytest.mark.parametrize("make", [make_unet, attending_outermost, deep, fused, got_mini])
def test_a_cached_step_equals_a_whole_step_for_the_same_latents(make, batch_size: int):
    unet = make()
    guided = GuidedUNet(unet, conditioning_for(unet), ALL_BRANCHES, batch_size, cache_interval=3)
    with whole_steps(unet) as calls:
        whole = guided.predict_branches(noise(4), TIMESTEP)
        calls.clear()
        between, alone = guided.predict_branches(noise(4), TIMESTEP), guided.predict_alone(noise(4), TIMESTEP)
        assert not calls
    assert whole.std() > 0.01
    torch.testing.assert_close(between, whole, rtol=0, atol=1e-5)
    torch.testing.assert_close(alone, whole[:1], rtol=0, atol=1e-5)


def test_a_cached_step_uses_its_own_latents_and_timestep():
    unet = deep()
    guided = GuidedUNet(unet, conditioning_for(unet), ALL_BRANCHES, cache_interval=4)
    first, other, later = (
        guided.predict(latents, time)
        for latents, time in [(noise(4), TIMESTEP), (noise(6), TIMESTEP), (noise(4), TIMESTEP - 300)]
    )
    assert (other - first).abs().max() > 0.01 and (later - first).abs().max() > 0.001


@pytest.mark.parametrize(
    ("config", "side", "share"),
    [
        pytest.param("benchmarks/got_6b/unet.json", 128, 0.0675, marks=pytest.mark.full),
        ("resources/models/got-mini/unet/config.json", 32, 0.219),
    ],
)
def test_a_cached_step_takes_a_small_share_of_a_whole_steps_work(config: str, side: int, share: float):
    with torch.device("meta"):
        unet = made_like(config)
        context = torch.empty(1, 64, unet.config["cross_attention_dim"])
        added = {"text_embeds": conditioning_for(unet).semantic.pooled_prompt_embeds, "time_ids": torch.empty(1, 6)}
        arguments = torch.empty(1, 12, side, side), torch.empty(1), context, added
        reusing = ReusingUNet(unet, interval=2)
        with FlopCounterMode(display=False) as whole:
            reusing(*arguments)
        with FlopCounterMode(display=False) as between:
            reusing(*arguments)
    assert between.get_total_flops() / whole.get_total_flops() == pytest.approx(share, rel=0.01)


@pytest.mark.parametrize(
    ("interval", "steps", "samples"),
    [
        (1, 5, [4] * 5),
        (2, 5, [4, 0, 4, 0, 4]),
        (3, 7, [4, 0, 0, 4, 0, 0, 4]),
        (9, 5, [4, 0, 0, 0, 0]),
    ],
)
def test_whole_steps_come_at_the_interval(interval: int, steps: int, samples: list[int]):
    assert drawn(interval, steps) == samples


def test_a_single_branch_continues_with_its_cached_features():
    assert drawn(2, 7, guidance_until=0.6) == [4, 0, 4, 0, 1, 0, 1]
    assert drawn(3, 7, guidance_until=0.6) == [4, 0, 0, 4, 0, 0, 1]


def test_additional_branches_start_with_a_whole_step():
    assert drawn(3, 7, guidance_from=0.15) == [1, 4, 0, 0, 4, 0, 0]
    assert drawn(2, 7, guidance_from=0.3, guidance_until=0.75) == [1, 0, 4, 0, 4, 0, 1]


def drawn(interval: int, steps: int, **guidance: float) -> list[int]:
    """The number of samples that each step of an image sends through the innermost block."""
    unet = make_unet()
    guided = GuidedUNet(unet, conditioning_for(unet), ALL_BRANCHES, cache_interval=interval)
    by_step: list[int] = []
    with whole_steps(unet) as calls:

        def on_step(step: int, total: int) -> None:
            by_step.append(sum(calls))
            calls.clear()

        config = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
        denoise(guided, make_scheduler("euler", config), 1, steps, on_step, **guidance)
    return by_step


def test_each_image_of_an_edit_starts_with_a_whole_step(pipeline: GoTPipeline, source: Image.Image):
    chain = pipeline(EDIT, source, num_inference_steps=1).chain
    assert len(chain.turns) == len(EDIT_TURNS)
    options = {"instruction": EDIT, "num_inference_steps": 5, "scheduler": "dpm-solver++"}
    with whole_steps(pipeline.renderer.unet) as calls:
        pipeline.render(chain, source, **options, cache_interval=3)
        assert len(calls) == 2 * len(EDIT_TURNS)
        calls.clear()
        pipeline.render(chain, source, **options)
        assert len(calls) == 5 * len(EDIT_TURNS)
