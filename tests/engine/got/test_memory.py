"""Tiers: which one a device's memory allows, and what each does with the models."""

from copy import deepcopy

import pytest
import torch
from PIL import Image
from torch import nn

from engine.api.chain import Chain
from engine.got import memory
from engine.got.checkpoint import Components
from engine.got.memory import (
    CPU_ONLY,
    EIGHT_BITS,
    GOT_6B,
    RESIDENT,
    SEQUENTIAL,
    SPLIT,
    TIERS,
    TURNS,
    Residence,
    Tier,
    choose_tier,
    device_memory,
    next_tier,
    weight_bytes,
)
from engine.got.pipeline import GoTPipeline
from tests.engine.got.lessons import EDIT, EDIT_TURNS
from tests.engine.got.tiny import IMAGE_SIZE

CPU = torch.device("cpu")
QUICK = {"num_inference_steps": 2, "seed": 3}


@pytest.mark.parametrize(
    ("gigabytes", "tier"),
    [(141, RESIDENT), (24, RESIDENT), (16, TURNS), (12, SEQUENTIAL), (10, SEQUENTIAL), (8, EIGHT_BITS), (6, SPLIT)],
)
def test_the_tier_of_got_6b_on_a_card(gigabytes: int, tier: Tier):
    assert choose_tier(gigabytes * 10**9, *GOT_6B, side=1024) == tier


def test_a_small_model_is_resident_on_a_small_card():
    assert choose_tier(2 * 10**9, 10**7, 10**7, side=128) == RESIDENT


def test_the_machines_own_memory_is_no_cards(components: Components):
    assert device_memory(CPU) is None
    assert weight_bytes([components.output_projector]) == sum(
        4 * parameter.numel() for parameter in components.output_projector.parameters()
    )


class Traveller(nn.Module):
    """Remembers where it was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []

    def to(self, device: torch.device) -> "Traveller":  # type: ignore[override]
        self.sent.append(device.type)
        return self


@pytest.mark.parametrize(
    ("tier", "planner", "unet"),
    [
        (RESIDENT, ["cuda"], ["cuda"]),
        (TURNS, ["cpu", "cuda", "cpu", "cuda", "cpu"], ["cpu", "cuda", "cpu", "cuda"]),
        (SEQUENTIAL, ["cpu", "cuda", "cpu", "cuda", "cpu"], ["cpu", "cuda", "cpu", "cuda"]),
        (EIGHT_BITS, ["cpu", "cuda", "cpu", "cuda", "cpu"], ["cpu", "cuda", "cpu", "cuda"]),
        (SPLIT, ["cpu"], ["cuda"]),
        (CPU_ONLY, ["cpu"], ["cpu"]),
    ],
)
def test_who_goes_where_over_two_turns(tier: Tier, planner: list[str], unet: list[str]):
    plans, draws = Traveller(), Traveller()
    residence = Residence(tier, torch.device("cuda"), [plans], [draws])
    for step in (residence.plan, residence.plan, residence.draw, residence.draw, residence.plan, residence.draw):
        step()
    assert (plans.sent, draws.sent) == (planner, unet)


def test_the_one_makes_room_before_the_other_comes():
    sent: list[str] = []

    class Named(Traveller):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

        def to(self, device: torch.device) -> "Named":  # type: ignore[override]
            sent.append(f"{self.name} {device.type}")
            return self

    residence = Residence(TURNS, torch.device("cuda"), [Named("planner")], [Named("unet")])
    sent.clear()  # at first, both leave: they may have been there
    residence.plan()
    residence.draw()
    assert sent == ["planner cuda", "planner cpu", "unet cuda"]


def test_the_tiers_below_a_tier():
    card = torch.device("cuda")
    assert [next_tier(tier, card) for tier in TIERS] == [TURNS, SEQUENTIAL, EIGHT_BITS, SPLIT, CPU_ONLY, None]
    assert [next_tier(tier, CPU) for tier in TIERS] == [CPU_ONLY, CPU_ONLY, None, None, None, None]


def test_where_there_is_no_room_for_a_tier_the_next_one_is_taken(pipeline: GoTPipeline, monkeypatch):
    """What the card does not hold is found out when the models are moved to it."""
    tried, pipeline = [], deepcopy(pipeline)  # the lower tiers round its weights

    def move(models: list[nn.Module], device: torch.device) -> None:
        tried.append(device.type)
        if device.type == "cuda" and pipeline.unet in models:
            raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(memory, "_move", move)
    pipeline.use(RESIDENT, torch.device("cuda"))
    assert pipeline.residence.tier == TURNS and tried == ["cuda", "cuda", "cpu", "cpu"]
    assert pipeline.use_less() == SEQUENTIAL and pipeline.use_less() == EIGHT_BITS
    assert pipeline.use_less() == CPU_ONLY and pipeline.use_less() is None


@pytest.mark.parametrize("tier", [TURNS, SEQUENTIAL, SPLIT, CPU_ONLY])
def test_every_tier_plans_and_draws(pipeline: GoTPipeline, source: Image.Image, tier: Tier):
    (usual,) = pipeline.render(Chain.parse(EDIT_TURNS[0]), source, instruction=EDIT, **QUICK)
    batches = []
    sides = []
    hooks = [
        pipeline.unet.register_forward_pre_hook(lambda module, given: batches.append(len(given[0]))),
        pipeline.vae.encoder.register_forward_pre_hook(lambda module, given: sides.append(given[0].shape[-1])),
    ]
    pipeline.use(tier, CPU)
    try:
        made = pipeline(EDIT, source, max_turns=1, **QUICK)
    finally:
        pipeline.use(RESIDENT, CPU)
        for hook in hooks:
            hook.remove()
    assert made.chain.text == EDIT_TURNS[0] and max(batches) == tier.branches_at_once
    assert max(sides) == (IMAGE_SIZE // 2 if tier.tiled_vae else IMAGE_SIZE)
    apart = [abs(a - b) for a, b in zip(usual.tobytes(), made.images[0].tobytes(), strict=True)]
    assert tier.tiled_vae or max(apart) <= 1  # tiles are blended, which a VAE of random weights makes much of
