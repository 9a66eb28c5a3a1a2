"""Tests that need a GPU: CUDA graphs, compiled blocks and every policy give the same results as the CPU."""

from copy import deepcopy
from itertools import islice
from threading import Event, Thread
from time import sleep

import pytest
import torch
from PIL import Image

from engine.api.chain import Chain
from engine.got.files.checkpoint import Components
from engine.got.kernels import usable
from engine.got.pipeline import GoTPipeline
from engine.got.planners.decoding import Decoder, DecodingStep
from engine.got.renderers.recorded import RecordedUNet
from engine.got.residence.quantize import Int8Linear
from engine.got.residence.tiers import RESIDENT, TIERS, Tier
from tests.engine.got.lessons import EDIT, EDIT_TURNS

pytestmark = pytest.mark.gpu

QUICK = {"num_inference_steps": 2, "seed": 3}


@pytest.fixture
def card() -> torch.device:
    return torch.device("cuda")


@pytest.fixture
def on_card(components: Components, pipeline: GoTPipeline, card: torch.device) -> GoTPipeline:
    pipe = GoTPipeline.from_components(deepcopy(components), arrange=True)
    pipe.use(RESIDENT, card)
    return pipe


def levels_apart(one: Image.Image, other: Image.Image) -> int:
    return max(abs(a - b) for a, b in zip(one.tobytes(), other.tobytes(), strict=True))


@torch.inference_mode()
def test_steps_are_recorded_and_write_the_same_as_the_cpu(
    on_card: GoTPipeline, pipeline: GoTPipeline, source: Image.Image
):
    step = DecodingStep(on_card.planner.mllm, 64)
    assert step._step != step._advance  # a graph was recorded
    expected = list(islice(pipeline.planner.open(EDIT, source).write(), 40))
    on_card.planner.decoder = Decoder(on_card.planner.mllm)
    assert list(islice(on_card.planner.open(EDIT, source).write(), 40)) == expected
    assert list(islice(on_card.planner.open(EDIT, source).write(), 40)) == expected  # with the cached step


@torch.inference_mode()
def test_steps_are_recorded_while_another_thread_uses_the_gpu(on_card: GoTPipeline, card: torch.device):
    finished, uses = Event(), []

    def use_the_card() -> None:
        while not finished.is_set():
            torch.cuda.mem_get_info(card)
            tensor = torch.rand(1000, 1000).pin_memory().to(card, non_blocking=True)
            uses.append(float(tensor.sum()))  # waits for the GPU
            torch.cuda.empty_cache()

    other = Thread(target=use_the_card)
    other.start()
    try:
        for _ in range(5):
            before = len(uses)
            step = DecodingStep(on_card.planner.mllm, 64)
            assert step._step != step._advance
            while len(uses) == before and other.is_alive():
                sleep(0.001)
    finally:
        finished.set()
        other.join()
    assert len(uses) >= 5


def test_after_warm_up_it_renders_the_same_as_the_cpu(on_card: GoTPipeline, pipeline: GoTPipeline, source: Image.Image):
    (usual,) = pipeline.render(Chain.parse(EDIT_TURNS[0]), source, instruction=EDIT, **QUICK)
    on_card.warm_up()
    compiled = [module for module in on_card.renderer.unet.modules() if module._compiled_call_impl]
    assert bool(compiled) == usable(on_card.residence.device)
    result = on_card(EDIT, source, max_turns=1, **QUICK)
    assert result.chain.text == EDIT_TURNS[0] and levels_apart(usual, result.images[0]) <= 4


@pytest.mark.parametrize("tier", TIERS, ids=lambda tier: tier.name)
def test_every_policy_plans_and_renders_twice(
    on_card: GoTPipeline, source: Image.Image, tier: Tier, card: torch.device
):
    on_card.use(tier, card)
    first, second = (on_card(EDIT, source, max_turns=1, **QUICK) for _ in range(2))
    assert first.chain.text == second.chain.text == EDIT_TURNS[0]
    assert levels_apart(first.images[0], second.images[0]) <= 1


@pytest.mark.parametrize(("rows", "columns"), [(48, 32), (112, 272), (2048, 11008)])
def test_a_product_with_codes_equals_that_with_the_expanded_matrix(rows: int, columns: int, card: torch.device):
    if not usable(card):
        pytest.skip("needs Triton")
    linear = torch.nn.Linear(columns, rows).to(card, torch.bfloat16)
    layer = Int8Linear(linear, card)
    x = torch.randn(1, 1, columns, device=card, dtype=torch.bfloat16)
    expected = (layer.codes.double() @ x.double().flatten()) * layer.scales.double().flatten() + layer.bias.double()
    error = (layer(x).flatten().double() - expected).norm() / expected.norm()
    assert error < 5e-3  # rounded once, to bfloat16


@torch.inference_mode()
def test_a_replayed_pass_equals_the_pass(on_card: GoTPipeline):
    unet = deepcopy(on_card.renderer.unet)
    torch.manual_seed(3)
    config, recorded = unet.config, RecordedUNet(unet)
    for samples in (4, 1, 4, 4, 1):
        sample = torch.randn(samples, config["in_channels"], 8, 8, device=unet.device)
        embeds = torch.randn(samples, 5, config["cross_attention_dim"], device=unet.device)
        added = {"text_embeds": torch.randn(1, 20), "time_ids": torch.tensor([[64.0, 64, 0, 0, 64, 64]])}
        added = {name: tensor.to(unet.device) for name, tensor in added.items()}
        timestep = torch.randint(0, 1000, ())
        expected = unet(sample, timestep, encoder_hidden_states=embeds, added_cond_kwargs=added, return_dict=False)[0]
        torch.testing.assert_close(recorded(sample, timestep, embeds, added), expected, rtol=1e-4, atol=1e-4)
    assert len(recorded._passes) == 2
