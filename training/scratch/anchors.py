"""Semantic anchors: fixed random vectors that spell out an edit, in place of semantic guidance.

They let the UNet and the MLLM train at the same time: the UNet reads anchors as its context, the MLLM's projectors
learn to produce them from the chain. A joint phase with the real semantic guidance follows.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from training.storybook.drawing import BACKGROUNDS, COLORS, KINDS
from training.storybook.edits import TASKS, Step
from training.storybook.scene import Scene, Thing

WIDTH = 256
"""Of an anchor, and so of the UNet's context and of its pooled vector."""

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
    """The edit as SLOTS word indices: operation, two backgrounds, old thing, new thing, things of a caption."""
    before = source.background if source else step.target.background
    spelled = [f"operation {step.operation}", f"background {before}", f"background {step.target.background}"]
    spelled += [*_spell(step.old), *_spell(step.new)]
    captioned: Sequence[Thing] = () if source else step.target.things
    for thing in captioned:
        spelled += _spell(thing)
    return [_INDEX[w] for w in spelled] + [0] * (SLOTS - len(spelled))


def _spell(thing: Thing | None) -> list[str]:
    return [f"color {thing.color}", f"kind {thing.kind}"] if thing else ["nothing", "nothing"]


class Anchors(nn.Module):
    """The fixed tables, which no checkpoint holds. A call turns word indices (N, SLOTS) into ((N, tokens, WIDTH),
    (N, WIDTH))."""

    table: Tensor
    slots: Tensor
    order: Tensor

    def __init__(self, tokens: int = 64, seed: int = 7) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self._keep("table", torch.randn(len(_WORDS), WIDTH, generator=generator))
        self._keep("slots", torch.randn(SLOTS, WIDTH, generator=generator) * 0.5)
        # each slot several times, so that errors of a token average out
        self._keep("order", torch.arange(tokens) % SLOTS)

    def _keep(self, name: str, tensor: Tensor) -> None:
        self.register_buffer(name, tensor, persistent=False)

    def forward(self, indices: Tensor) -> tuple[Tensor, Tensor]:
        spelled = self.table[indices]
        context = (spelled + self.slots)[:, self.order]
        pooled = sum(spelled[:, p].roll(17 * i, -1) for i, p in enumerate(_POOLED))
        return context, pooled * 0.5  # type: ignore[operator]
