"""Semantic, spatial and reference guidance: the four-branch equation (paper sec. 4.3) and its branches."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from engine.api.errors import RequestError


@dataclass(frozen=True)
class GuidanceScales:
    """How strongly the image follows the chain, its boxes and the source: alpha_t, alpha_s and alpha_r.

    The defaults are the paper's for an edit; its text-to-image scales are 7.5, 4 and 1.
    """

    semantic: float = 4.0
    spatial: float = 3.0
    reference: float = 1.5

    def __post_init__(self) -> None:
        if not all(math.isfinite(scale) for scale in astuple(self)):
            raise RequestError(
                "guidance_scale_not_finite",
                "The guidance scales must be finite numbers, not {semantic}, {spatial}, {reference}.",
                "Use numbers such as 4, 3 and 1.5.",
                semantic=self.semantic,
                spatial=self.spatial,
                reference=self.reference,
            )


class Branch(NamedTuple):
    """One prediction of the UNet: the guidances that it uses, and its coefficient in the sum."""

    semantic: bool
    spatial: bool
    reference: bool
    coefficient: float


def needed_branches(scales: GuidanceScales) -> list[Branch]:
    """The branches full, no spatial, no semantic and nothing, without those whose coefficient is zero.

    e(nothing) + semantic * (e(no spatial) - e(no semantic)) + spatial * (e(full) - e(no spatial)) + reference * (e(no
    semantic) - e(nothing)), sorted by branch; the coefficients add up to 1.
    """
    branches = [
        Branch(True, True, True, scales.spatial),
        Branch(True, False, True, scales.semantic - scales.spatial),
        Branch(False, False, True, scales.reference - scales.semantic),
        Branch(False, False, False, 1.0 - scales.reference),
    ]
    return [branch for branch in branches if branch.coefficient != 0.0]


def combine(predictions: Tensor, branches: list[Branch]) -> Tensor:
    """(branches, C, H, W) -> (1, C, H, W): the guided prediction."""
    coefficients = predictions.new_tensor([branch.coefficient for branch in branches])
    return torch.tensordot(coefficients, predictions, dims=1).unsqueeze(0)
