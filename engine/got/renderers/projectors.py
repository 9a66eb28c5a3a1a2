"""The bridge between planner and UNet (paper sec. 4.3)."""

from __future__ import annotations

from torch import nn


class Projectors(nn.Module):
    """The two linear maps from query tokens' hidden states to what the UNet reads (paper sec. 4.3)."""

    def __init__(self, output_projector: nn.Linear, output_projector_add: nn.Linear) -> None:
        super().__init__()
        self.output_projector = output_projector
        """hidden size -> cross-attention width, in CLIP's place"""
        self.output_projector_add = output_projector_add
        """hidden size -> SDXL's pooled width"""
