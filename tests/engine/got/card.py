"""A stand-in for a GPU that computes on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from engine.got.residence.tiers import Residence, Tier

CPU = torch.device("cpu")


class OnTheCPU(Residence):
    """Reports the device that it was given; tensors that are sent there are copied in system memory."""

    def __init__(
        self, tier: Tier, device: torch.device, planning: Sequence[nn.Module], drawing: Sequence[nn.Module]
    ) -> None:
        super().__init__(tier, CPU, planning, drawing)
        self.device = device


class Recording(TorchDispatchMode):
    """A stand-in for a CUDA graph: runs the recorded operators again, with the same input and output tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        self.calls.append((func, args, kwargs or {}, result))
        return result

    def replay(self) -> None:
        for func, args, kwargs, outputs in self.calls:
            for target, value in zip(tree_leaves(outputs), tree_leaves(func(*args, **kwargs)), strict=True):
                if target.data_ptr() != value.data_ptr():  # neither a view nor changed in place
                    target.copy_(value)


def recorded(run: Callable[[], None], device: torch.device, pool: object = None) -> Callable[[], None]:
    """Like on a GPU: run once first, and then recorded."""
    run()
    with Recording() as recording:
        run()
    return recording.replay
