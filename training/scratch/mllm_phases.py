"""Phase 2: the multimodal LLM. First its eyes alone (dense grounding), then chains with semantic anchors.

The layout of a sequence is the reference's: prompt, chain, `<|im_gen_start|>`, 64 query tokens, `<|im_gen_end|>`, and
for a second image `<|vision_start|>`, its image tokens, `<|vision_end|>` and the next chain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from engine.got.prompts import SourceProcessor, Vocabulary
from training.scratch.anchors import WIDTH, Anchors, words
from training.scratch.config import Data, Lesson
from training.scratch.lookups import LookupBatch, Lookups
from training.scratch.loop import Phase
from training.storybook.drawing import COLORS, KINDS, SIZE
from training.storybook.edits import Example, sample
from training.storybook.scene import Scene

PATCH, MERGE = 8, 2
CELLS = SIZE // PATCH // MERGE
_IGNORED = -100


def build_image_processor() -> Qwen2VLImageProcessorPil:
    return Qwen2VLImageProcessorPil(patch_size=PATCH, merge_size=MERGE, min_pixels=SIZE * SIZE, max_pixels=SIZE * SIZE)


def build_mllm(
    tokenizer: Any,  # noqa: ANN401 - transformers' tokenizers share no type
    hidden: int = 192,
    layers: int = 6,
    vision_layers: int = 4,
) -> Qwen2_5_VLForConditionalGeneration:
    """Qwen2.5-VL, tiny: heads of 64, vision of width 128 with full attention in every layer."""
    token = tokenizer.added_tokens_encoder
    heads = hidden // 64
    config = Qwen2_5_VLConfig(
        text_config={
            "vocab_size": len(tokenizer),
            "hidden_size": hidden,
            "intermediate_size": hidden * 8 // 3,
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
            "num_key_value_heads": heads,
            "max_position_embeddings": 2048,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [8, 12, 12]},
            "bos_token_id": token["<|endoftext|>"],
            "eos_token_id": token["<|endoftext|>"],
            "pad_token_id": token["<|endoftext|>"],
            "tie_word_embeddings": True,
        },
        vision_config={
            "depth": vision_layers,
            "hidden_size": 128,
            "intermediate_size": 384,
            "num_heads": 4,
            "patch_size": PATCH,
            "spatial_merge_size": MERGE,
            "window_size": SIZE,
            "fullatt_block_indexes": list(range(vision_layers)),
            "out_hidden_size": hidden,
        },
        image_token_id=token["<|image_pad|>"],
        video_token_id=token["<|video_pad|>"],
        vision_start_token_id=token["<|vision_start|>"],
        vision_end_token_id=token["<|vision_end|>"],
        tie_word_embeddings=True,
    )
    return Qwen2_5_VLForConditionalGeneration(config)


class DenseHead(nn.Linear):
    """A throw-away head that reads kind, color and box of the thing in each cell from its image token."""

    def __init__(self, hidden: int) -> None:
        super().__init__(hidden, len(KINDS) + 1 + len(COLORS) + 1 + 4)

    def loss(self, features: Tensor, targets: Tensor) -> Tensor:
        """features (cells, hidden), targets (cells, 6): kind, color (0 = none), box in [0, 1]."""
        kind, color, box = self(features).float().split([len(KINDS) + 1, len(COLORS) + 1, 4], -1)
        covered = targets[:, 0] > 0
        named = F.cross_entropy(kind, targets[:, 0].long()) + F.cross_entropy(color, targets[:, 1].long())
        return named + 8 * F.smooth_l1_loss(box[covered], targets[covered, 2:], beta=0.02)


_KIND = {k: i + 1 for i, k in enumerate(KINDS)}
_COLOR = {c: i + 1 for i, c in enumerate(COLORS)}


def dense_targets(scene: Scene) -> np.ndarray:
    """(CELLS * CELLS, 6): for each image token the thing that covers most of its cell."""
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


class FastSourceProcessor:
    """SourceProcessor's arithmetic for many storybook pictures at once (a test holds the two equal)."""

    def __init__(self) -> None:
        processor = build_image_processor()
        self.mean = np.array(processor.image_mean, np.float32) * 255
        self.std = np.array(processor.image_std, np.float32) * 255
        reference = SourceProcessor(processor, SIZE, "coordinates")(Image.new("RGB", (SIZE, SIZE)))["pixel_values"]
        self.second_frame = reference.view(-1, 3, 2, PATCH, PATCH)[:, :, 1]

    def __call__(self, pictures: np.ndarray) -> Tensor:
        """uint8 (N, SIZE, SIZE, 3) -> (N * patches, 3 * 2 * PATCH * PATCH)."""
        x = torch.from_numpy((pictures - self.mean) / self.std)
        x = x.view(-1, CELLS, MERGE, PATCH, CELLS, MERGE, PATCH, 3).permute(0, 1, 4, 2, 5, 7, 3, 6)
        first = x.reshape(len(pictures), -1, 3, PATCH, PATCH)
        both = torch.stack([first, self.second_frame.expand_as(first)], 3)
        return both.reshape(-1, 3 * 2 * PATCH * PATCH).float()


@dataclass
class ChainBatch:
    """Padded sequences of N examples with what they are to learn."""

    ids: Tensor  # (N, L)
    labels: Tensor  # (N, L), -100 where nothing is to be learnt
    weights: Tensor  # (N, L), of each label in the loss
    positions: Tensor  # (3, N, L)
    queries: Tensor  # (images, 2 + 64): row of the batch, number of the step, places of the query tokens
    anchors: Tensor  # (images, SLOTS)
    pixels: Tensor  # patches of all pictures, in order
    dense: Tensor  # (pictures * cells, 6)
    examples: list[Example]
    lookups: LookupBatch | None = None


class ChainSequences:
    """Builds training sequences exactly as the pipeline builds them at inference.

    `emphasis` is the weight of what a chain says from the sentence about the change on, beside 1 of the list before
    it: what is meant, and where, is a dozen tokens of a hundred, and all that follows hangs on them.
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
        """(ids, labels, where each step's query tokens begin)."""
        v = self.vocabulary
        ids = v.encode_prompt(example.instruction, 1 if example.source else 0, CELLS**2)
        labels, starts = [_IGNORED] * len(ids), []
        for i, step in enumerate(example.steps):
            chain = self.tokenizer.encode(step.chain) + [v.im_gen_start]
            if i:
                ids += [v.vision_start, *self.image]
                labels += [v.vision_start] + [_IGNORED] * len(self.image)
                chain = [v.vision_end, *chain]
            ids += chain
            labels += chain
            starts.append(len(ids))
            ids += [*v.queries, v.im_gen_end]
            labels += [_IGNORED] * len(v.queries) + [v.im_gen_end]
        return [*ids, v.end_of_text], [*labels, v.end_of_text], starts

    def weights(self, labels: list[int]) -> np.ndarray:
        """(L,): `emphasis` from the sentence about the change to the end of its chain, 1 elsewhere."""
        out = np.ones(len(labels), np.float32)
        changing = False
        for at, label in enumerate(labels):
            changing = (changing or label == self.change) and label != self.vocabulary.im_gen_start
            if changing:
                out[at] = self.emphasis
        return out

    def positions(self, ids: list[int]) -> np.ndarray:
        """M-RoPE positions (3, L): text counts on, an image's tokens take its rows and columns."""
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
        labels = np.full((n, self.length), _IGNORED)
        weights = np.ones((n, self.length), np.float32)
        positions = np.zeros((3, n, self.length), np.int64)
        queries, anchors, scenes = [], [], []
        for row, e in enumerate(examples):
            tokens, wanted, starts = self.sequence(e)
            ids[row, : len(tokens)], labels[row, : len(tokens)] = tokens, wanted
            weights[row, : len(tokens)] = self.weights(wanted)
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


class Mllm(nn.Module):
    """The MLLM with its two projectors and the throw-away dense head."""

    def __init__(self, tokenizer: Any, **sizes: int) -> None:  # noqa: ANN401
        super().__init__()
        self.model = build_mllm(tokenizer, **sizes)
        hidden = self.model.config.get_text_config().hidden_size
        self.output_projector = nn.Linear(hidden, WIDTH)
        nn.init.zeros_(self.output_projector.bias).requires_grad_(False)  # null semantic = output_projector(0) = 0
        self.output_projector_add = nn.Linear(hidden, WIDTH)
        self.dense = DenseHead(hidden)

    def see(self, pixels: Tensor) -> Tensor:
        """Image tokens (pictures * cells, hidden) of patches."""
        grid = torch.tensor([[1, SIZE // PATCH, SIZE // PATCH]]).repeat(len(pixels) // (SIZE // PATCH) ** 2, 1)
        return self.model.model.visual(pixels, grid_thw=grid.to(pixels.device)).pooler_output

    def hidden(self, b: ChainBatch) -> tuple[Tensor, Tensor]:
        """(last hidden states (N, L, hidden), image tokens)."""
        seen = self.see(b.pixels)
        language = self.model.model.language_model
        embeds = language.embed_tokens(b.ids)
        embeds = embeds.masked_scatter((b.ids == self.model.config.image_token_id)[..., None], seen.to(embeds.dtype))
        return language(inputs_embeds=embeds, position_ids=b.positions, use_cache=False)[0], seen

    def semantic(self, hidden: Tensor, queries: Tensor) -> tuple[Tensor, Tensor]:
        """Semantic guidance (images, 64, WIDTH) and pooled vector (images, WIDTH)."""
        chosen = hidden[queries[:, :1], queries[:, 2:]]
        return self.output_projector(chosen), self.output_projector_add(chosen).mean(1)

    def lookup_loss(self, b: LookupBatch) -> Tensor:
        embeds = self.model.model.language_model.embed_tokens(b.ids)
        positions = torch.arange(b.ids.shape[1], device=b.ids.device).expand(3, *b.ids.shape)
        hidden = self.model.model.language_model(inputs_embeds=embeds, position_ids=positions, use_cache=False)[0]
        learnt = b.labels[:, 1:] != _IGNORED
        return F.cross_entropy(self.model.lm_head(hidden[:, :-1][learnt]).float(), b.labels[:, 1:][learnt])

    def chain_loss(self, hidden: Tensor, b: ChainBatch) -> Tensor:
        learnt = b.labels[:, 1:] != _IGNORED
        logits = self.model.lm_head(hidden[:, :-1][learnt])
        losses = F.cross_entropy(logits.float(), b.labels[:, 1:][learnt], reduction="none")
        weights = b.weights[:, 1:][learnt]
        return (losses * weights).sum() / weights.sum()


class EyesPhase(Phase):
    """Dense grounding of the vision tower alone."""

    def __init__(self, mllm: Mllm) -> None:
        super().__init__()
        self.visual, self.dense = mllm.model.model.visual, mllm.dense
        self.see = mllm.see
        self.process = FastSourceProcessor()

    def batch(self, step: int, size: int) -> tuple[Tensor, Tensor]:
        scenes = [s for s in (sample(5 * 10**9 + step * size + i).source for i in range(size)) if s]
        pixels = self.process(np.stack([s.render() for s in scenes]))
        return pixels, torch.from_numpy(np.concatenate([dense_targets(s) for s in scenes]))

    def forward(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        pixels, targets = batch
        return {"loss": self.dense.loss(self.see(pixels), targets)}


def _plain(e: Example) -> bool:
    """Whether nothing has to be found out to know what is meant."""
    return e.reference in ("", "name", "color") or (e.source is not None and len(e.source.things) == 1)


class ChainPhase(Phase):
    """Chain cross-entropy + anchors + dense grounding."""

    def __init__(self, mllm: Mllm, tokenizer: Any, data: Data, first_seed: int, lesson: Lesson) -> None:  # noqa: ANN401
        super().__init__()
        self.mllm, self.lesson = mllm, lesson
        self.sees = lesson.emphasis == 1.0
        for part in (mllm.model.model.visual, mllm.dense):
            part.requires_grad_(self.sees)
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
            drawn = (sample(s, "two_step") for s in count(seed))
            return self._fill(self.two_steps, max(1, size // 2), drawn)
        tasks = ("text_to_image" if rng.random() < self.text_to_image else None for _ in count())
        drawn = (sample(s, task) for s, task in zip(count(seed), tasks, strict=False))
        kept = (e for e in drawn if not _plain(e) or rng.random() < self.lesson.plain)
        return self._fill(self.one_step, size, kept)

    def _fill(self, sequences: ChainSequences, size: int, examples: Iterator[Example]) -> ChainBatch:
        fitting = (e for e in examples if len(sequences.sequence(e)[0]) <= sequences.length)
        return sequences.batch(list(islice(fitting, size)))

    def forward(self, batch: ChainBatch) -> dict[str, Tensor]:
        hidden, seen = self.mllm.hidden(batch)
        chain = self.mllm.chain_loss(hidden, batch)
        context, pooled = self.mllm.semantic(hidden, batch.queries)
        true_context, true_pooled = self.anchors(batch.anchors)
        anchor = F.mse_loss(context.float(), true_context) + 0.5 * F.mse_loss(pooled.float(), true_pooled)
        losses = {"loss": chain + 0.5 * anchor, "chain": chain, "anchor": anchor}
        if self.sees:
            losses["dense"] = self.mllm.dense.loss(seen, batch.dense)
            losses["loss"] = losses["loss"] + 0.2 * losses["dense"]
        if batch.lookups:
            losses["lookups"] = self.mllm.lookup_loss(batch.lookups)
            losses["loss"] = losses["loss"] + losses["lookups"]
        return losses
