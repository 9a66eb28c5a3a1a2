"""The projectors between planner and UNet (paper sec. 4.3)."""

from __future__ import annotations

from torch import nn


class Projectors(nn.Module):
    """Two linear maps from the query tokens' hidden states to the UNet's conditions (paper sec. 4.3)."""

    def __init__(self, output_projector: nn.Linear, output_projector_add: nn.Linear) -> None:
        super().__init__()
        self.output_projector = output_projector
        """hidden size -> cross-attention width, in place of CLIP"""
        self.output_projector_add = output_projector_add
        """hidden size -> SDXL's pooled width"""
