"""Phase 2: trains the MLLM, first its vision encoder alone (dense grounding), then on chains with semantic anchors."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from training.scratch.anchors import Anchors
from training.scratch.batches import ChainBatch, ChainSequences, dense_targets
from training.scratch.config import Data, Lesson
from training.scratch.lookups import Lookups
from training.scratch.loop import Phase
from training.scratch.mllm import Mllm
from training.scratch.source import FastSourceProcessor
from training.storybook.edits import Example, sample


class EyesPhase(Phase):
    """Trains the vision encoder alone, on dense grounding."""

    def __init__(self, mllm: Mllm) -> None:
        super().__init__()
        self.visual, self.dense = mllm.model.model.visual, mllm.dense
        self.encode_pictures = mllm.encode_pictures
        self.process = FastSourceProcessor()

    def batch(self, step: int, size: int) -> tuple[Tensor, Tensor]:
        scenes = [s for s in (sample(5 * 10**9 + step * size + i).source for i in range(size)) if s]
        pixels = self.process(np.stack([s.render() for s in scenes]))
        return pixels, torch.from_numpy(np.concatenate([dense_targets(s) for s in scenes]))

    def forward(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        pixels, targets = batch
        return {"loss": self.dense.loss(self.encode_pictures(pixels), targets)}


def _is_plain(e: Example) -> bool:
    """Returns whether the reference is trivial: by name or color, to the only object, or absent."""
    return e.reference in ("", "name", "color") or (e.source is not None and len(e.source.things) == 1)


class ChainPhase(Phase):
    """Trains the MLLM on chain cross-entropy, anchors, dense grounding and lookup exercises."""

    def __init__(self, mllm: Mllm, tokenizer: Any, data: Data, first_seed: int, lesson: Lesson) -> None:  # noqa: ANN401
        super().__init__()
        self.mllm, self.lesson = mllm, lesson
        self.trains_vision = lesson.emphasis == 1.0
        for part in (mllm.model.model.visual, mllm.dense):
            part.requires_grad_(self.trains_vision)
        self.one_step = ChainSequences(tokenizer, data.chain_length, lesson.emphasis)
        self.two_steps = ChainSequences(tokenizer, data.turns_length, lesson.emphasis)
        self.practice = Lookups(self.one_step, lesson.questions)
        self.anchors = Anchors()
        self.text_to_image, self.first_seed = data.text_to_image, first_seed

    def batch(self, step: int, size: int) -> ChainBatch:
        batch = self._chains(step, size)
        if self.lesson.lookups:
            batch.lookups = self.practice.batch(self.first_seed + step, size * self.lesson.lookups)
        return batch

    def _chains(self, step: int, size: int) -> ChainBatch:
        rng = np.random.default_rng(step)
        seed = self.first_seed + step * size * 4
        if rng.random() < self.lesson.two_step:
            examples = (sample(s, "two_step") for s in count(seed))
            return self._fill(self.two_steps, max(1, size // 2), examples)
        tasks = ("text_to_image" if rng.random() < self.text_to_image else None for _ in count())
        examples = (sample(s, task) for s, task in zip(count(seed), tasks, strict=False))
        selection = (e for e in examples if not _is_plain(e) or rng.random() < self.lesson.plain)
        return self._fill(self.one_step, size, selection)

    def _fill(self, sequences: ChainSequences, size: int, examples: Iterator[Example]) -> ChainBatch:
        fitting = (e for e in examples if len(sequences.sequence(e)[0]) <= sequences.length)
        return sequences.batch(list(islice(fitting, size)))

    def forward(self, batch: ChainBatch) -> dict[str, Tensor]:
        hidden, image_tokens = self.mllm.hidden(batch)
        chain = self.mllm.chain_loss(hidden, batch)
        context, pooled = self.mllm.semantic(hidden, batch.queries)
        true_context, true_pooled = self.anchors(batch.anchors)
        anchor = F.mse_loss(context.float(), true_context) + 0.5 * F.mse_loss(pooled.float(), true_pooled)
        losses = {"loss": chain + 0.5 * anchor, "chain": chain, "anchor": anchor}
        if self.trains_vision:
            losses["dense"] = self.mllm.dense.loss(image_tokens, batch.dense)
            losses["loss"] = losses["loss"] + 0.2 * losses["dense"]
        if batch.lookups:
            losses["lookups"] = self.mllm.lookup_loss(batch.lookups)
            losses["loss"] = losses["loss"] + losses["lookups"]
        return losses
