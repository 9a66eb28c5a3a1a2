"""Muon (Keller Jordan, 2024): orthogonalizes the matrix of the momentum before each step.

`torch.optim.Muon` accepts only matrices. Here a convolution kernel counts as the matrix [out, in * kh * kw]; the
storybook's autoencoder needs that to converge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from training.precision import fast_dtype


def orthogonalize(matrix: Tensor, iterations: int = 5) -> Tensor:
    """Returns approximately the nearest semi-orthogonal matrix, by Newton–Schulz iteration; singular values near 1."""
    a, b, c = 3.4445, -4.7750, 2.0315
    # bfloat16 is precise enough: singular values end up in 0.7..1.2
    x = (matrix / (matrix.norm() + 1e-7)).to(fast_dtype(matrix.device))
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    for _ in range(iterations):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.T if tall else x).to(matrix.dtype)


class Muon(torch.optim.Optimizer):
    """Orthogonalized Nesterov momentum, for weights with two or more dimensions."""

    def __init__(
        self, params: Iterable[Tensor], lr: float = 0.02, momentum: float = 0.95, weight_decay: float = 0.0
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state["momentum"] = torch.zeros_like(p.grad)
                momentum = state["momentum"].lerp_(p.grad, 1 - group["momentum"])
                update = p.grad.lerp(momentum, group["momentum"]).flatten(1)
                update = orthogonalize(update) * max(1, update.shape[0] / update.shape[1]) ** 0.5
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(update.view_as(p), alpha=-group["lr"])


def split_parameters(module: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Returns (weights for Muon, other weights for AdamW).

    Muon gets matrices and kernels with at least 16 rows and columns, except embeddings.
    """
    embeddings = {p for m in module.modules() if isinstance(m, nn.Embedding) for p in m.parameters()}
    weights = [p for p in module.parameters() if p.requires_grad]
    muon = [p for p in weights if p.ndim in (2, 4) and min(p.shape[:2]) >= 16 and p not in embeddings]
    others = set(weights) - set(muon)
    return muon, [p for p in weights if p in others]
