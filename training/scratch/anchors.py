"""Semantic anchors: fixed random vectors that spell out an edit and stand in for semantic guidance.

They let the UNet and the MLLM train at the same time: the UNet uses anchors as its context, while the MLLM's
projectors learn to produce them from the chain. A joint phase with the real semantic guidance follows.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from training.storybook.drawing import BACKGROUNDS, COLORS, KINDS
from training.storybook.edits import TASKS, Step
from training.storybook.scene import Scene, Thing

WIDTH = 256
"""Width of an anchor, of the UNet's context and of its pooled vector."""

_WORDS = (
    "nothing",
    *(f"operation {t}" for t in TASKS),
    *(f"background {b}" for b in BACKGROUNDS),
    *(f"color {c}" for c in COLORS),
    *(f"kind {k}" for k in KINDS),
)
_INDEX = {word: i for i, word in enumerate(_WORDS)}
_MOST_THINGS = 3
SLOTS = 7 + 2 * _MOST_THINGS
_POOLED = (0, 2, 3, 4, 5, 6)


def words(source: Scene | None, step: Step) -> list[int]:
    """Returns the edit as SLOTS word indices: operation, two backgrounds, old object, new object, caption's objects."""
    before = source.background if source else step.target.background
    entries = [f"operation {step.operation}", f"background {before}", f"background {step.target.background}"]
    entries += [*_spell(step.old), *_spell(step.new)]
    caption: Sequence[Thing] = () if source else step.target.things
    for thing in caption:
        entries += _spell(thing)
    return [_INDEX[entry] for entry in entries] + [0] * (SLOTS - len(entries))


def _spell(thing: Thing | None) -> list[str]:
    return [f"color {thing.color}", f"kind {thing.kind}"] if thing else ["nothing", "nothing"]


class Anchors(nn.Module):
    """The fixed tables, which are not saved in checkpoints.

    A call maps word indices (N, SLOTS) to the context (N, tokens, WIDTH) and the pooled vector (N, WIDTH).
    """

    table: Tensor
    slots: Tensor
    order: Tensor

    def __init__(self, tokens: int = 64, seed: int = 7) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self._add_buffer("table", torch.randn(len(_WORDS), WIDTH, generator=generator))
        self._add_buffer("slots", torch.randn(SLOTS, WIDTH, generator=generator) * 0.5)
        # each slot fills several tokens, so that their errors average out
        self._add_buffer("order", torch.arange(tokens) % SLOTS)

    def _add_buffer(self, name: str, tensor: Tensor) -> None:
        self.register_buffer(name, tensor, persistent=False)

    def forward(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        vectors = self.table[indices]
        context = (vectors + self.slots)[:, self.order]
        pooled = sum(vectors[:, p].roll(17 * i, -1) for i, p in enumerate(_POOLED))
        return context, pooled * 0.5  # type: ignore[operator]
