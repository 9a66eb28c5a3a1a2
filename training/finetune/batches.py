"""The pairs and the noise of each training step, which depend on the seed and the step alone.

So a resumed run continues with the next batch, and a batch is the same for any number of processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from training.finetune.config import Loss
from training.finetune.examples import IGNORED, load_example


@dataclass
class Batch:
    """N pairs of one size and their noise; the tensors of `Encoder`, stacked."""

    ids: Tensor  # (N, L), padded
    labels: Tensor  # (N, L)
    positions: Tensor  # (3, N, L)
    queries: Tensor  # (N, queries)
    pixels: Tensor | None
    grid: Tensor | None
    reference: Tensor
    target: Tensor
    spatial: Tensor
    mask: Tensor
    time_ids: Tensor
    noise: Tensor
    timesteps: Tensor  # (N,)
    guidance: Tensor  # (N, 3), bool: whether semantic, spatial and reference guidance are present

    def to(self, device: torch.device) -> Batch:
        return Batch(**{k: None if t is None else t.to(device) for k, t in vars(self).items()})


class Batches:
    """Shuffled batches that cover all pairs in each epoch. The pairs of a batch have the same size."""

    def __init__(self, paths: list[Path], batch_size: int, seed: int, loss: Loss, timesteps: int) -> None:
        self.batch_size, self.seed, self.loss, self.timesteps = batch_size, seed, loss, timesteps
        by_size: dict[tuple[float, ...], list[Path]] = {}
        for path in paths:
            by_size.setdefault(tuple(load_example(path)["time_ids"].tolist()), []).append(path)
        self.by_size = by_size
        self.batches_per_epoch = sum(-(-len(group) // batch_size) for group in by_size.values())

    def rows(self, step: int) -> list[Path]:
        """Returns the `batch_size` pairs of a step. If a size's last batch is short, its first pairs fill it up."""
        epoch, place = divmod(step, self.batches_per_epoch)
        g = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
        batches = []
        for group in self.by_size.values():
            order = torch.randperm(len(group), generator=g).tolist()
            while len(order) % self.batch_size:
                order += order[: self.batch_size - len(order) % self.batch_size]
            batches += [
                [group[i] for i in order[at : at + self.batch_size]] for at in range(0, len(order), self.batch_size)
            ]
        return batches[torch.randperm(len(batches), generator=g)[place]]

    def part(self, step: int, first: int, count: int) -> Batch:
        """Returns `count` pairs of a step's batch, from index `first` on."""
        paths = self.rows(step)[first : first + count]
        examples = [load_example(path) for path in paths]
        draws = [self._draw(step, first + i, e["target"]) for i, e in enumerate(examples)]
        length = max(len(e["ids"]) for e in examples)

        def pad(key: str, value: int) -> Tensor:
            rows = [F.pad(e[key], (0, length - e[key].shape[-1]), value=value) for e in examples]
            return torch.stack(rows)

        def stack(key: str) -> Tensor:
            return torch.stack([e[key] for e in examples])

        edits = [e for e in examples if "pixels" in e]
        return Batch(
            ids=pad("ids", int(examples[0]["ids"][-1])),
            labels=pad("labels", IGNORED),
            positions=pad("positions", 0).transpose(0, 1),
            queries=stack("queries"),
            pixels=torch.cat([e["pixels"] for e in edits]) if edits else None,
            grid=torch.stack([e["grid"] for e in edits]) if edits else None,
            **{key: stack(key) for key in ("reference", "target", "spatial", "mask", "time_ids")},
            noise=torch.stack([d[0] for d in draws]),
            timesteps=torch.tensor([d[1] for d in draws]),
            guidance=torch.tensor([d[2] for d in draws]),
        )

    def _draw(self, step: int, index: int, target: Tensor) -> tuple[Tensor, int, tuple[bool, bool, bool]]:
        """Returns (noise, timestep, guidance) of a pair, by its index in the step's batch."""
        g = torch.Generator().manual_seed(((self.seed * 1_000_003 + step) * 1009 + index) % 2**63)
        noise = torch.randn(target.shape, generator=g)
        noise += self.loss.noise_offset * torch.randn(len(target), 1, 1, generator=g)
        timestep = int(torch.randint(0, self.timesteps, (), generator=g))
        chance, drop = float(torch.rand((), generator=g)), self.loss.drop
        # (t, -, r), (-, -, r) and (-, -, -), equally often (paper supp. 8)
        return noise, timestep, (chance >= 2 * drop, chance >= 3 * drop, chance >= drop)
