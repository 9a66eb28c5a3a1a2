"""What only a graphics card can show: recorded steps, compiled blocks and every tier compute as the processor does."""

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
    ours = GoTPipeline.from_components(deepcopy(components), arrange=True)
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


@torch.inference_mode()
def test_steps_are_recorded_while_another_thread_uses_the_card(on_card: GoTPipeline, card: torch.device):
    done, uses = Event(), []

    def use_the_card() -> None:
        while not done.is_set():
            torch.cuda.mem_get_info(card)
            held = torch.rand(1000, 1000).pin_memory().to(card, non_blocking=True)
            uses.append(float(held.sum()))  # waits for the card
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
        done.set()
        other.join()
    assert len(uses) >= 5


def test_warmed_up_it_draws_what_the_processor_draws(on_card: GoTPipeline, pipeline: GoTPipeline, source: Image.Image):
    (usual,) = pipeline.render(Chain.parse(EDIT_TURNS[0]), source, instruction=EDIT, **QUICK)
    on_card.warm_up()
    compiled = [module for module in on_card.renderer.unet.modules() if module._compiled_call_impl]
    assert bool(compiled) == usable(on_card.residence.device)
    made = on_card(EDIT, source, max_turns=1, **QUICK)
    assert made.chain.text == EDIT_TURNS[0] and levels_apart(usual, made.images[0]) <= 4


@pytest.mark.parametrize("tier", TIERS, ids=lambda tier: tier.name)
def test_every_tier_plans_and_draws_twice(on_card: GoTPipeline, source: Image.Image, tier: Tier, card: torch.device):
    on_card.use(tier, card)
    first, again = (on_card(EDIT, source, max_turns=1, **QUICK) for _ in range(2))
    assert first.chain.text == again.chain.text == EDIT_TURNS[0]
    assert levels_apart(first.images[0], again.images[0]) <= 1


@pytest.mark.parametrize(("rows", "columns"), [(48, 32), (112, 272), (2048, 11008)])
def test_a_row_times_codes_is_the_row_times_the_matrix_written_out(rows: int, columns: int, card: torch.device):
    if not usable(card):
        pytest.skip("needs Triton")
    linear = torch.nn.Linear(columns, rows).to(card, torch.bfloat16)
    layer = Int8Linear(linear, card)
    x = torch.randn(1, 1, columns, device=card, dtype=torch.bfloat16)
    wanted = (layer.codes.double() @ x.double().flatten()) * layer.scales.double().flatten() + layer.bias.double()
    apart = (layer(x).flatten().double() - wanted).norm() / wanted.norm()
    assert apart < 5e-3  # rounded once, to bfloat16


@torch.inference_mode()
def test_a_recorded_pass_is_the_pass(on_card: GoTPipeline):
    unet = deepcopy(on_card.renderer.unet)
    torch.manual_seed(3)
    config, recorded = unet.config, RecordedUNet(unet)
    for samples in (4, 1, 4, 4, 1):
        sample = torch.randn(samples, config["in_channels"], 8, 8, device=unet.device)
        embeds = torch.randn(samples, 5, config["cross_attention_dim"], device=unet.device)
        added = {"text_embeds": torch.randn(1, 20), "time_ids": torch.tensor([[64.0, 64, 0, 0, 64, 64]])}
        added = {name: tensor.to(unet.device) for name, tensor in added.items()}
        timestep = torch.randint(0, 1000, ())
        wanted = unet(sample, timestep, encoder_hidden_states=embeds, added_cond_kwargs=added, return_dict=False)[0]
        torch.testing.assert_close(recorded(sample, timestep, embeds, added), wanted, rtol=1e-4, atol=1e-4)
    assert len(recorded._passes) == 2
