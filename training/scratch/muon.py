"""Muon (Keller Jordan, 2024): momentum whose matrix is orthogonalised before the step.

`torch.optim.Muon` takes matrices only; here a convolution kernel counts as the matrix [out, in * kh * kw], which is
what made the storybook's autoencoder converge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn


def orthogonalise(matrix: Tensor, iterations: int = 5) -> Tensor:
    """Newton–Schulz iteration towards the nearest semi-orthogonal matrix; shape kept, singular values near 1."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = (
        matrix / (matrix.norm() + 1e-7)
    ).bfloat16()  # the iteration needs no precision: singular values end in 0.7..1.2
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    for _ in range(iterations):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.T if tall else x).to(matrix.dtype)


class Muon(torch.optim.Optimizer):
    """Nesterov momentum, orthogonalised; for weights of two or more dimensions."""

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
                update = orthogonalise(update) * max(1, update.shape[0] / update.shape[1]) ** 0.5
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_(update.view_as(p), alpha=-group["lr"])


def split_parameters(module: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """(weights for Muon, the rest for AdamW): Muon takes what has at least 16 rows and columns and is no embedding."""
    embeddings = {p for m in module.modules() if isinstance(m, nn.Embedding) for p in m.parameters()}
    trained = [p for p in module.parameters() if p.requires_grad]
    muon = [p for p in trained if p.ndim in (2, 4) and min(p.shape[:2]) >= 16 and p not in embeddings]
    chosen = set(muon)
    return muon, [p for p in trained if p not in chosen]
