"""What of a model is in the device's memory, and when: a tier, chosen by what the device has."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psutil
import torch
from torch import nn

from engine.api.notes import Note
from engine.got.residence.swap import Commuters

GOT_6B = (7_600_000_000, 5_400_000_000)
"""Bytes of GoT-6B's weights in bfloat16: of what plans, and of what draws."""

EIGHT_BITS_SHARE = 0.63
"""Of GoT-6B's planner in bfloat16, what is left where its language model's matrices have 8 bits."""

_WORKING, _WORKING_SPARING, _PLANNING = 6e9, 2e9, 1.5e9
"""Bytes beside the weights for a picture of 1024 × 1024: to draw it all at once (3.1e9 measured on an H200, recordings
and all; products of 8-bit weights take 0.7e9 more); a branch and a tile at a time (estimated); to plan (0.6e9
measured). The driver, the libraries and what cannot be used between two blocks have the rest."""

_BFLOAT16_SINCE = (8, 0)
"""The compute capability of Ampere."""

_OF_THE_MACHINE = 0.75
"""What models may have of the machine's memory, and their weights of that; the rest is other programs'."""


@dataclass(frozen=True)
class Tier:
    """One way of using a device's memory; each takes less of it, and longer, than the one before."""

    name: str
    words: Note
    """How it works, for the user."""
    branches_at_once: int = 4
    tiled_vae: bool = False
    """The VAE encodes and decodes one picture at a time, in overlapping tiles."""
    takes_turns: bool = False
    """What plans leaves the device to what draws."""
    fetches_ahead: bool = False
    """What draws is fetched while the planner works, and stays: only the planner comes and goes."""
    eight_bits: bool = False
    """Matrices of the planner's language model have 8 bits a weight."""
    plans_on_cpu: bool = False
    draws_on_cpu: bool = False


RESIDENT = Tier("resident", Note.of("resident", "the whole model stays in memory"))
SPARING = Tier(
    "sparing",
    Note.of("sparing", "the whole model stays in memory, one guidance branch and one tile at a time"),
    branches_at_once=1,
    tiled_vae=True,
)
TURNS = Tier("turns", Note.of("turns", "planner and UNet take turns in memory"), takes_turns=True, fetches_ahead=True)
SEQUENTIAL = Tier(
    "sequential",
    Note.of("sequential", "planner and UNet take turns in memory, one guidance branch and one tile at a time"),
    branches_at_once=1,
    tiled_vae=True,
    takes_turns=True,
)
EIGHT_BITS = Tier(
    "eight bits",
    Note.of(
        "eight bits",
        "planner and UNet take turns in memory, one guidance branch and one tile at a time; the planner has 8-bit "
        "weights, so its plans may differ slightly",
    ),
    branches_at_once=1,
    tiled_vae=True,
    takes_turns=True,
    eight_bits=True,
)
SPLIT = Tier(
    "split",
    Note.of("split", "the planner runs on the CPU, one guidance branch and one tile at a time"),
    branches_at_once=1,
    tiled_vae=True,
    plans_on_cpu=True,
)


CPU_ONLY = Tier(
    "cpu",
    Note.of("cpu", "the whole model runs on the CPU, one guidance branch and one tile at a time"),
    branches_at_once=1,
    tiled_vae=True,
    plans_on_cpu=True,
    draws_on_cpu=True,
)
TIERS = (RESIDENT, TURNS, SEQUENTIAL, EIGHT_BITS, SPLIT, CPU_ONLY)
"""Those of a graphics card, which has memory of its own."""
SHARED_TIERS = (RESIDENT, SPARING, CPU_ONLY)
"""Those of a device that shares the machine's memory: there it saves nothing who lies where."""
CPU_TIERS = (RESIDENT, CPU_ONLY)


def tiers_of(device: torch.device) -> tuple[Tier, ...]:
    """What a device can be used as, the quickest first."""
    return {"mps": SHARED_TIERS, "cpu": CPU_TIERS}.get(device.type, TIERS)


def choose_tier(memory: int, planning: int, drawing: int, side: int, tiers: Sequence[Tier] = TIERS) -> Tier:
    """The first tier that fits into `memory` bytes.

    `planning` and `drawing` are the bytes of weights of the planner, and of UNet and VAE; pictures are `side` × `side`.
    """
    share = (side / 1024) ** 2
    both, larger = planning + drawing, max(planning, drawing)
    needs = {
        RESIDENT: both + _WORKING * share,
        SPARING: both + _WORKING_SPARING * share,
        TURNS: max(larger + _WORKING * share, both + _PLANNING * share),
        SEQUENTIAL: larger + _WORKING_SPARING * share,
        EIGHT_BITS: max(planning * EIGHT_BITS_SHARE, drawing) + _WORKING_SPARING * share,
        SPLIT: 0,  # what there is must do
        CPU_ONLY: 0,
    }
    return next(tier for tier in tiers if needs[tier] <= memory)


def next_tier(tier: Tier, device: torch.device) -> Tier | None:
    """The one that needs less of the device's memory; None where none does."""
    if device.type == "cpu":  # there it saves nothing who lies where, only how much works at once
        return CPU_ONLY if tier.branches_at_once > 1 else None
    tiers = tiers_of(device)
    return next(iter(tiers[tiers.index(tier) + 1 :]), None)


class Residence:
    """Where the models of a pipeline are. What draws and what plans are asked for before they are used."""

    def __init__(
        self, tier: Tier, device: torch.device, planning: Sequence[nn.Module], drawing: Sequence[nn.Module]
    ) -> None:
        """Raises torch.OutOfMemoryError where the models do not fit; another one may then be made of them."""
        self.tier = tier
        self.device = device
        self.on_planner_leaves: Callable[[], object] = lambda: None
        """Called when its weights leave the device: what was recorded with them there can be played no more."""
        self._turns = (Commuters(planning, device), Commuters(drawing, device)) if tier.takes_turns else None
        if not tier.takes_turns:
            _move(planning, torch.device("cpu") if tier.plans_on_cpu else device)
            _move(drawing, torch.device("cpu") if tier.draws_on_cpu else device)

    def plan(self) -> None:
        """The planner and the projectors are needed now."""
        if self._turns is None or self._turns[0].here:
            return
        planning, drawing = self._turns
        if not self.tier.fetches_ahead or not planning.fetch():
            drawing.leave()
        planning.come()
        if self.tier.fetches_ahead:
            drawing.fetch()  # where there is no room for both, it comes when it is needed

    def draw(self) -> None:
        """UNet and VAE are needed now."""
        if self._turns is not None:
            self._dismiss_planner()
            self._turns[1].come()

    def put_away(self) -> None:
        """What takes turns is at home, where its weights may be changed; what does not is changed where it is."""
        self._dismiss_planner()
        for models in self._turns or ():
            models.stay_home()

    def _dismiss_planner(self) -> None:
        if self._turns is not None and self._turns[0].here:
            self.on_planner_leaves()
            self._turns[0].leave()


def weight_bytes(models: Sequence[nn.Module]) -> int:
    """What their parameters and buffers take."""
    return sum(
        tensor.numel() * tensor.itemsize for model in models for tensor in (*model.parameters(), *model.buffers())
    )


def device_memory(device: torch.device) -> int | None:
    """Bytes that a device has for models; None where nobody knows."""
    if device.type == "mps":
        return torch.mps.recommended_max_memory()  # a part of the machine's own
    if device.type == "cpu":
        return int(_OF_THE_MACHINE * psutil.virtual_memory().total)
    return torch.cuda.get_device_properties(device).total_memory if device.type == "cuda" else None


def free_memory(device: torch.device) -> int | None:
    """Bytes of it that a model may take now: of a graphics card, what other programs leave; None where nobody knows."""
    if device.type != "cuda":
        return device_memory(device)
    free, _ = torch.cuda.mem_get_info(device)
    return free + torch.cuda.memory_reserved(device)  # what this process holds is there for the model


def keep_within(memory: int, device: torch.device) -> None:
    """On Windows, memory that runs out is an error, which takes the next tier. By itself the driver would go on in the
    machine's memory, much slower, and say nothing."""
    if device.type == "cuda" and sys.platform == "win32":
        total = torch.cuda.get_device_properties(device).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, memory / total), device)


def choose_dtype(device: torch.device, numbers: int) -> torch.dtype:
    """What a model of so many weights calculates in: bfloat16, but on the CPU float32 where there is room for it, and
    float16 on cards before Ampere, which only imitate bfloat16."""
    if device.type == "cuda" and torch.cuda.get_device_capability(device) < _BFLOAT16_SINCE:
        return torch.float16
    if device.type == "cpu" and 4 * numbers <= _OF_THE_MACHINE * (device_memory(device) or 0):
        return torch.float32
    return torch.bfloat16


def _move(models: Sequence[nn.Module], device: torch.device) -> None:
    for model in models:
        model.to(device)
