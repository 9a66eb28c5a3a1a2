"""What of a model is in the device's memory, and when: a tier, chosen by what the device has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

GOT_6B = (7_600_000_000, 5_400_000_000)
"""Bytes of GoT-6B's weights in bfloat16: of what plans, and of what draws."""

EIGHT_BITS_SHARE = 0.63
"""Of GoT-6B's planner in bfloat16, what is left where its language model's matrices have 8 bits."""

_WORKING, _WORKING_SPARING = 6e9, 2e9
"""Bytes beside the weights, estimated for a picture of 1024 × 1024: all at once; a branch and a tile at a time."""


@dataclass(frozen=True)
class Tier:
    """One way of using a device's memory; each takes less of it, and longer, than the one before."""

    name: str
    words: str
    """How it works, for the user."""
    branches_at_once: int = 4
    tiled_vae: bool = False
    """The VAE encodes and decodes one picture at a time, in overlapping tiles."""
    takes_turns: bool = False
    """What plans and what draws are on the device by turns."""
    eight_bits: bool = False
    """Matrices of the planner's language model have 8 bits a weight."""
    plans_on_cpu: bool = False
    draws_on_cpu: bool = False


RESIDENT = Tier("resident", "all of it stays in memory")
TURNS = Tier("turns", "planner and UNet take turns in memory", takes_turns=True)
SEQUENTIAL = Tier(
    "sequential",
    "planner and UNet take turns in memory, one guidance branch and one tile at a time",
    branches_at_once=1,
    tiled_vae=True,
    takes_turns=True,
)
EIGHT_BITS = Tier(
    "eight bits",
    "planner and UNet take turns in memory, one guidance branch and one tile at a time, and the planner's weights have "
    "8 bits, so its plans may differ a little",
    branches_at_once=1,
    tiled_vae=True,
    takes_turns=True,
    eight_bits=True,
)
SPLIT = Tier(
    "split",
    "the planner stays on the CPU, one guidance branch and one tile at a time",
    branches_at_once=1,
    tiled_vae=True,
    plans_on_cpu=True,
)


CPU_ONLY = Tier(
    "cpu",
    "all of it works on the CPU, one guidance branch and one tile at a time",
    branches_at_once=1,
    tiled_vae=True,
    plans_on_cpu=True,
    draws_on_cpu=True,
)
TIERS = (RESIDENT, TURNS, SEQUENTIAL, EIGHT_BITS, SPLIT, CPU_ONLY)


def choose_tier(memory: int, planning: int, drawing: int, side: int) -> Tier:
    """The first tier that fits into `memory` bytes.

    `planning` and `drawing` are the bytes of weights of the planner, and of UNet and VAE; pictures are `side` × `side`.
    """
    share = (side / 1024) ** 2
    needs = {
        RESIDENT: planning + drawing + _WORKING * share,
        TURNS: max(planning, drawing) + _WORKING * share,
        SEQUENTIAL: max(planning, drawing) + _WORKING_SPARING * share,
        EIGHT_BITS: max(planning * EIGHT_BITS_SHARE, drawing) + _WORKING_SPARING * share,
    }
    return next((tier for tier, needed in needs.items() if needed <= memory), SPLIT)


def next_tier(tier: Tier, device: torch.device) -> Tier | None:
    """The one that needs less of the device's memory; None where none does."""
    if device.type == "cpu":  # there it saves nothing who lies where, only how much works at once
        return CPU_ONLY if tier.branches_at_once > 1 else None
    return next(iter(TIERS[TIERS.index(tier) + 1 :]), None)


class Residence:
    """Where the models of a pipeline are. What draws and what plans are asked for before they are used."""

    def __init__(
        self, tier: Tier, device: torch.device, planning: Sequence[nn.Module], drawing: Sequence[nn.Module]
    ) -> None:
        self.tier = tier
        self.device = device
        self._planning, self._drawing = planning, drawing
        self._here: Sequence[nn.Module] = ()
        for models, stay_away in ((planning, tier.plans_on_cpu), (drawing, tier.draws_on_cpu)):
            _move(models, torch.device("cpu") if stay_away or tier.takes_turns else device)

    def plan(self) -> None:
        """The planner and the projectors are needed now."""
        self._bring(self._planning)

    def draw(self) -> None:
        """UNet and VAE are needed now."""
        self._bring(self._drawing)

    def _bring(self, wanted: Sequence[nn.Module]) -> None:
        if self.tier.takes_turns and wanted is not self._here:
            _move(self._here, torch.device("cpu"))
            _move(wanted, self.device)
            self._here = wanted


def weight_bytes(models: Sequence[nn.Module]) -> int:
    """What their parameters and buffers take."""
    return sum(
        tensor.numel() * tensor.itemsize for model in models for tensor in (*model.parameters(), *model.buffers())
    )


def device_memory(device: torch.device) -> int | None:
    """Bytes of a graphics card's memory; None where the model lies in the machine's own."""
    return torch.cuda.get_device_properties(device).total_memory if device.type == "cuda" else None


def _move(models: Sequence[nn.Module], device: torch.device) -> None:
    for model in models:
        model.to(device)
