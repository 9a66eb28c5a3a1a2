"""Training data for the language model: padded sequences of chains, lookup exercises, and targets for image tokens.

A sequence has the same parts as in the reference code: prompt, chain, `<|im_gen_start|>`, 64 query tokens,
`<|im_gen_end|>`, and for a second image `<|vision_start|>`, its image tokens, `<|vision_end|>` and the next chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.got.planners.prompts import Vocabulary
from training.scratch.anchors import words
from training.scratch.source import CELLS, FastSourceProcessor
from training.storybook.drawing import COLORS, KINDS, SIZE
from training.storybook.edits import Example
from training.storybook.scene import Scene

IGNORED = -100
"""Label of tokens that do not count in the loss."""

_KIND = {k: i + 1 for i, k in enumerate(KINDS)}
_COLOR = {c: i + 1 for i, c in enumerate(COLORS)}


@dataclass
class LookupBatch:
    """Padded lookup exercises, (N, L) each; the label is -100 for tokens that do not count in the loss."""

    ids: Tensor
    labels: Tensor


def dense_targets(scene: Scene) -> np.ndarray:
    """Returns (CELLS * CELLS, 6): kind, color and box of the object that covers most of each image token's cell."""
    targets = np.zeros((CELLS, CELLS, 6), np.float32)
    best = np.zeros((CELLS, CELLS), np.float32)
    edges = np.arange(CELLS) * (SIZE // CELLS)
    side = SIZE // CELLS
    for t in scene.things:
        wide = np.clip(np.minimum(t.x + t.width, edges + side) - np.maximum(t.x, edges), 0, None)
        high = np.clip(np.minimum(t.y + t.height, edges + side) - np.maximum(t.y, edges), 0, None)
        cover = np.outer(high, wide)
        row = [_KIND[t.kind], _COLOR[t.color], *(v / SIZE for v in (t.x, t.y, t.x + t.width, t.y + t.height))]
        targets[cover > best] = row
        best = np.maximum(best, cover)
    return targets.reshape(-1, 6)


@dataclass
class ChainBatch:
    """Padded sequences of N examples, and their training targets."""

    ids: Tensor  # (N, L)
    labels: Tensor  # (N, L), -100 for tokens that do not count in the loss
    weights: Tensor  # (N, L), weight of each label in the loss
    positions: Tensor  # (3, N, L)
    queries: Tensor  # (images, 2 + 64): row in the batch, number of the step, indices of the query tokens
    anchors: Tensor  # (images, SLOTS)
    pixels: Tensor  # patches of all pictures, in order
    dense: Tensor  # (pictures * cells, 6)
    examples: list[Example]
    lookups: LookupBatch | None = None


class ChainSequences:
    """Builds training sequences exactly as the pipeline builds them at inference.

    `emphasis` is the loss weight of a chain from the sentence about the change on; the list of objects before it has
    weight 1. Which object is meant, and where it is, takes a dozen of a hundred tokens, and the rest depends on them.
    """

    def __init__(self, tokenizer: Any, length: int, emphasis: float = 1.0) -> None:  # noqa: ANN401
        self.tokenizer = tokenizer
        self.vocabulary = Vocabulary(tokenizer)
        self.length = length
        self.emphasis = emphasis
        (self.change,) = tokenizer.encode(" change")
        self.process = FastSourceProcessor()
        self.image = [self.vocabulary.image_pad] * CELLS**2

    def sequence(self, example: Example) -> tuple[list[int], list[int], list[int]]:
        """Returns (ids, labels, the index of each step's first query token)."""
        v = self.vocabulary
        ids = v.encode_prompt(example.instruction, 1 if example.source else 0, CELLS**2)
        labels, starts = [IGNORED] * len(ids), []
        for i, step in enumerate(example.steps):
            chain = self.tokenizer.encode(step.chain) + [v.im_gen_start]
            if i:
                ids += [v.vision_start, *self.image]
                labels += [v.vision_start] + [IGNORED] * len(self.image)
                chain = [v.vision_end, *chain]
            ids += chain
            labels += chain
            starts.append(len(ids))
            ids += [*v.queries, v.im_gen_end]
            labels += [IGNORED] * len(v.queries) + [v.im_gen_end]
        return [*ids, v.end_of_text], [*labels, v.end_of_text], starts

    def weights(self, labels: list[int]) -> np.ndarray:
        """Returns loss weights (L,): `emphasis` from the sentence about the change to the chain's end, 1 elsewhere."""
        out = np.ones(len(labels), np.float32)
        changing = False
        for at, label in enumerate(labels):
            changing = (changing or label == self.change) and label != self.vocabulary.im_gen_start
            if changing:
                out[at] = self.emphasis
        return out

    def positions(self, ids: list[int]) -> np.ndarray:
        """Returns M-RoPE positions (3, L): text tokens are numbered, image tokens have a row and a column."""
        out = np.zeros((3, len(ids)), np.int64)
        cells = CELLS**2
        at = place = 0
        while at < len(ids):
            if ids[at] == self.vocabulary.image_pad:
                cell = np.arange(cells)
                out[:, at : at + cells] = place + np.stack([0 * cell, cell // CELLS, cell % CELLS])
                at, place = at + cells, place + CELLS
            else:
                out[:, at] = place
                at, place = at + 1, place + 1
        return out

    def batch(self, examples: list[Example]) -> ChainBatch:
        n = len(examples)
        ids = np.full((n, self.length), self.vocabulary.end_of_text)
        labels = np.full((n, self.length), IGNORED)
        weights = np.ones((n, self.length), np.float32)
        positions = np.zeros((3, n, self.length), np.int64)
        queries, anchors, scenes = [], [], []
        for row, e in enumerate(examples):
            tokens, targets, starts = self.sequence(e)
            ids[row, : len(tokens)], labels[row, : len(tokens)] = tokens, targets
            weights[row, : len(tokens)] = self.weights(targets)
            positions[:, row, : len(tokens)] = self.positions(tokens)
            before = e.source
            for number, (start, step) in enumerate(zip(starts, e.steps, strict=True)):
                queries.append([row, number, *range(start, start + len(self.vocabulary.queries))])
                anchors.append(words(before, step))
                scenes += [before] if before else []
                before = step.target
        pictures = np.stack([s.render() for s in scenes])
        return ChainBatch(
            ids=torch.from_numpy(ids),
            labels=torch.from_numpy(labels),
            weights=torch.from_numpy(weights),
            positions=torch.from_numpy(positions),
            queries=torch.tensor(queries),
            anchors=torch.tensor(anchors),
            pixels=self.process(pictures),
            dense=torch.from_numpy(np.concatenate([dense_targets(s) for s in scenes])),
            examples=examples,
        )
