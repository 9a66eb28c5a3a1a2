"""What only a graphics card can show: recorded steps, compiled blocks and every tier compute as the processor does."""

from copy import deepcopy
from itertools import islice

import pytest
import torch
from PIL import Image

from engine.api.chain import Chain
from engine.got.checkpoint import Components
from engine.got.decoding import Decoder, DecodingStep
from engine.got.layout import can_compile
from engine.got.memory import RESIDENT, TIERS, Tier
from engine.got.pipeline import GoTPipeline
from tests.engine.got.lessons import EDIT, EDIT_TURNS

pytestmark = pytest.mark.gpu

QUICK = {"num_inference_steps": 2, "seed": 3}


@pytest.fixture
def card() -> torch.device:
    return torch.device("cuda")


@pytest.fixture
def on_card(components: Components, pipeline: GoTPipeline, card: torch.device) -> GoTPipeline:
    ours = GoTPipeline(deepcopy(components), arrange=True)
    ours.use(RESIDENT, card)
    return ours


def levels_apart(one: Image.Image, other: Image.Image) -> int:
    return max(abs(a - b) for a, b in zip(one.tobytes(), other.tobytes(), strict=True))


@torch.inference_mode()
def test_steps_are_recorded_and_write_what_the_processor_writes(
    on_card: GoTPipeline, pipeline: GoTPipeline, source: Image.Image
):
    step = DecodingStep(on_card.planner.mllm, 64)
    assert step._step != step._advance  # a graph was recorded
    wanted = list(islice(pipeline.planner.open(EDIT, source).write(), 40))
    on_card.planner.decoder = Decoder(on_card.planner.mllm)
    assert list(islice(on_card.planner.open(EDIT, source).write(), 40)) == wanted
    assert list(islice(on_card.planner.open(EDIT, source).write(), 40)) == wanted  # by the step that was kept


def test_warmed_up_it_draws_what_the_processor_draws(on_card: GoTPipeline, pipeline: GoTPipeline, source: Image.Image):
    (usual,) = pipeline.render(Chain.parse(EDIT_TURNS[0]), source, instruction=EDIT, **QUICK)
    on_card.warm_up()
    compiled = [module for module in on_card.unet.modules() if module._compiled_call_impl]
    assert bool(compiled) == can_compile(on_card.residence.device)
    made = on_card(EDIT, source, max_turns=1, **QUICK)
    assert made.chain.text == EDIT_TURNS[0] and levels_apart(usual, made.images[0]) <= 4


@pytest.mark.parametrize("tier", TIERS, ids=lambda tier: tier.name)
def test_every_tier_plans_and_draws_twice(on_card: GoTPipeline, source: Image.Image, tier: Tier, card: torch.device):
    on_card.use(tier, card)
    first, again = (on_card(EDIT, source, max_turns=1, **QUICK) for _ in range(2))
    assert first.chain.text == again.chain.text == EDIT_TURNS[0]
    assert levels_apart(first.images[0], again.images[0]) <= 1
