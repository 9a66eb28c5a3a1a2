"""Offload policies: which parts of a model are in the device's memory, and when."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psutil
import torch
from torch import nn

from engine.api.notes import Note
from engine.got.residence.swap import OffloadedModules

GOT_6B = (7_600_000_000, 5_400_000_000)
"""Bytes of GoT-6B's weights in bfloat16: planner, and renderer."""

EIGHT_BITS_SHARE = 0.63
"""Size of GoT-6B's planner with a quantized language model, as a share of its size in bfloat16."""

_WORKING, _WORKING_SPARING, _PLANNING = 6e9, 2e9, 1.5e9
"""Bytes needed besides the weights, for an image of 1024 × 1024: to render with all branches at once (3.1e9 measured on
an H200, including CUDA graphs; quantized products take 0.7e9 more); to render with one branch and one tile at a time
(estimated); to plan (0.6e9 measured). The rest is a reserve for the driver, libraries and fragmentation."""

_BFLOAT16_SINCE = (8, 0)
"""The compute capability of Ampere, the first with bfloat16."""

_OF_THE_MACHINE = 0.75
"""Share of system memory that models may use, and share of that for their weights; the rest is left to other
programs."""


@dataclass(frozen=True)
class Tier:
    """An offload policy; each one takes less device memory and more time than the previous one."""

    name: str
    words: Note
    """Description for the user."""
    branches_at_once: int = 4
    tiled_vae: bool = False
    """The VAE encodes and decodes one picture at a time, in overlapping tiles."""
    takes_turns: bool = False
    """The planner leaves the device while the renderer is on it."""
    fetches_ahead: bool = False
    """The renderer is copied to the device while the planner works, and stays there; only the planner comes and
    goes."""
    eight_bits: bool = False
    """The matrices of the planner's language model are quantized to 8 bits."""
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
"""For GPUs with memory of their own."""
SHARED_TIERS = (RESIDENT, SPARING, CPU_ONLY)
"""For GPUs that share system memory, where offloading saves nothing."""
CPU_TIERS = (RESIDENT, CPU_ONLY)


def tiers_of(device: torch.device) -> tuple[Tier, ...]:
    """The policies of a device, the fastest first."""
    return {"mps": SHARED_TIERS, "cpu": CPU_TIERS}.get(device.type, TIERS)


def choose_tier(memory: int, planning: int, drawing: int, side: int, tiers: Sequence[Tier] = TIERS) -> Tier:
    """The first policy that fits into `memory` bytes.

    `planning` and `drawing` are the bytes of the planner's and the renderer's weights; images have `side` × `side`
    pixels.
    """
    share = (side / 1024) ** 2
    both, larger = planning + drawing, max(planning, drawing)
    needs = {
        RESIDENT: both + _WORKING * share,
        SPARING: both + _WORKING_SPARING * share,
        TURNS: max(larger + _WORKING * share, both + _PLANNING * share),
        SEQUENTIAL: larger + _WORKING_SPARING * share,
        EIGHT_BITS: max(planning * EIGHT_BITS_SHARE, drawing) + _WORKING_SPARING * share,
        SPLIT: 0,  # the last resort, whatever the memory
        CPU_ONLY: 0,
    }
    return next(tier for tier in tiers if needs[tier] <= memory)


def next_tier(tier: Tier, device: torch.device) -> Tier | None:
    """The policy that needs less device memory than `tier`; None if there is none."""
    if device.type == "cpu":  # offloading saves nothing there, only smaller batches do
        return CPU_ONLY if tier.branches_at_once > 1 else None
    tiers = tiers_of(device)
    return next(iter(tiers[tiers.index(tier) + 1 :]), None)


class Residence:
    """Controls which models of a pipeline are on the device. Call `plan` or `draw` before using them."""

    def __init__(
        self, tier: Tier, device: torch.device, planning: Sequence[nn.Module], drawing: Sequence[nn.Module]
    ) -> None:
        """Raises torch.OutOfMemoryError if the models do not fit; the same models may then be placed with another
        policy."""
        self.tier = tier
        self.device = device
        self.on_planner_leaves: Callable[[], object] = lambda: None
        """Called when the planner leaves the device: CUDA graphs that use its weights become invalid."""
        self._turns = (
            (OffloadedModules(planning, device), OffloadedModules(drawing, device)) if tier.takes_turns else None
        )
        if not tier.takes_turns:
            _move(planning, torch.device("cpu") if tier.plans_on_cpu else device)
            _move(drawing, torch.device("cpu") if tier.draws_on_cpu else device)

    def plan(self) -> None:
        """Brings the planner and the projectors to the device."""
        if self._turns is None or self._turns[0].on_device:
            return
        planning, drawing = self._turns
        if not self.tier.fetches_ahead or not planning.fetch():
            drawing.leave()
        planning.come()
        if self.tier.fetches_ahead:
            drawing.fetch()  # if there is no room for both, `draw` brings it later

    def draw(self) -> None:
        """Brings UNet and VAE to the device."""
        if self._turns is not None:
            self._dismiss_planner()
            self._turns[1].come()

    def put_away(self) -> None:
        """Moves offloaded models to system memory, so that weights may be changed; others are changed where they
        are."""
        self._dismiss_planner()
        for models in self._turns or ():
            models.stay_home()

    def _dismiss_planner(self) -> None:
        if self._turns is not None and self._turns[0].on_device:
            self.on_planner_leaves()
            self._turns[0].leave()


def weight_bytes(models: Sequence[nn.Module]) -> int:
    """Bytes of their parameters and buffers."""
    return sum(
        tensor.numel() * tensor.itemsize for model in models for tensor in (*model.parameters(), *model.buffers())
    )


def device_memory(device: torch.device) -> int | None:
    """Bytes of memory that the device has for models; None if unknown."""
    if device.type == "mps":
        return torch.mps.recommended_max_memory()  # part of system memory
    if device.type == "cpu":
        return int(_OF_THE_MACHINE * psutil.virtual_memory().total)
    return torch.cuda.get_device_properties(device).total_memory if device.type == "cuda" else None


def free_memory(device: torch.device) -> int | None:
    """Bytes that a model may use now: on a GPU, the memory that other programs leave; None if unknown."""
    if device.type != "cuda":
        return device_memory(device)
    free, _ = torch.cuda.mem_get_info(device)
    return free + torch.cuda.memory_reserved(device)  # memory that this process has reserved is available to the model


def keep_within(memory: int, device: torch.device) -> None:
    """Makes Windows report running out of GPU memory, so that the next policy is used. By default the driver silently
    continues in system memory, much slower."""
    if device.type == "cuda" and sys.platform == "win32":
        total = torch.cuda.get_device_properties(device).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, memory / total), device)


def choose_dtype(device: torch.device, numbers: int) -> torch.dtype:
    """The dtype for a model with this many weights: bfloat16; float32 on a CPU with enough memory; float16 on GPUs
    before Ampere, which only emulate bfloat16."""
    if device.type == "cuda" and torch.cuda.get_device_capability(device) < _BFLOAT16_SINCE:
        return torch.float16
    if device.type == "cpu" and 4 * numbers <= _OF_THE_MACHINE * (device_memory(device) or 0):
        return torch.float32
    return torch.bfloat16


def _move(models: Sequence[nn.Module], device: torch.device) -> None:
    for model in models:
        model.to(device)
