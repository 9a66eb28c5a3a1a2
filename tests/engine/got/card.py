"""A graphics card that the processor stands in for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from engine.got.residence.tiers import Residence, Tier

CPU = torch.device("cpu")


class OnTheCPU(Residence):
    """Thinks that its device is the card it was told; what goes there goes into other memory of the machine."""

    def __init__(
        self, tier: Tier, device: torch.device, planning: Sequence[nn.Module], drawing: Sequence[nn.Module]
    ) -> None:
        super().__init__(tier, CPU, planning, drawing)
        self.device = device


class Recording(TorchDispatchMode):
    """What a CUDA graph does: runs the operators that were recorded once more, from and into the same tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        self.calls.append((func, args, kwargs or {}, made))
        return made

    def replay(self) -> None:
        for func, args, kwargs, made in self.calls:
            for kept, new in zip(tree_leaves(made), tree_leaves(func(*args, **kwargs)), strict=True):
                if kept.data_ptr() != new.data_ptr():  # neither a view nor changed in place
                    kept.copy_(new)


def recorded(run: Callable[[], None], device: torch.device, pool: object = None) -> Callable[[], None]:
    """As on a card: run once before, then recorded."""
    run()
    with Recording() as recording:
        run()
    return recording.replay
