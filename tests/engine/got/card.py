"""A graphics card that the processor stands in for."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from engine.got.memory import Residence, Tier

CPU = torch.device("cpu")


class OnTheCPU(Residence):
    """Thinks that its device is the card it was told; what goes there goes into other memory of the machine."""

    def __init__(
        self, tier: Tier, device: torch.device, planning: Sequence[nn.Module], drawing: Sequence[nn.Module]
    ) -> None:
        super().__init__(tier, CPU, planning, drawing)
        self.device = device
