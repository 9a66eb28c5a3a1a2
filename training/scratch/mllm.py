"""A tiny planner: a Qwen2.5-VL with its two projectors, and an auxiliary head that is only used in training."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

from training.scratch.anchors import WIDTH
from training.scratch.batches import IGNORED, ChainBatch, LookupBatch
from training.scratch.source import MERGE, PATCH
from training.storybook.drawing import COLORS, KINDS, SIZE


def build_mllm(
    tokenizer: Any,  # noqa: ANN401 - transformers' tokenizers share no type
    hidden: int = 192,
    layers: int = 6,
    vision_layers: int = 4,
) -> Qwen2_5_VLForConditionalGeneration:
    """Returns a tiny Qwen2.5-VL: heads of width 64, a vision encoder of width 128 with full attention in all layers."""
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
    """An auxiliary head that predicts kind, color and box of the object in each cell from its image token."""

    def __init__(self, hidden: int) -> None:
        super().__init__(hidden, len(KINDS) + 1 + len(COLORS) + 1 + 4)

    def loss(self, features: Tensor, targets: Tensor) -> Tensor:
        """Returns the loss of features (cells, hidden); targets (cells, 6): kind, color (0: none), box in [0, 1]."""
        kind, color, box = self(features).float().split([len(KINDS) + 1, len(COLORS) + 1, 4], -1)
        mask = targets[:, 0] > 0
        classes = F.cross_entropy(kind, targets[:, 0].long()) + F.cross_entropy(color, targets[:, 1].long())
        return classes + 8 * F.smooth_l1_loss(box[mask], targets[mask, 2:], beta=0.02)


class Mllm(nn.Module):
    """The MLLM with its two projectors and the auxiliary dense head."""

    def __init__(self, tokenizer: Any, **sizes: int) -> None:  # noqa: ANN401
        super().__init__()
        self.model = build_mllm(tokenizer, **sizes)
        hidden = self.model.config.get_text_config().hidden_size
        self.output_projector = nn.Linear(hidden, WIDTH)
        nn.init.zeros_(self.output_projector.bias).requires_grad_(False)  # null semantic = output_projector(0) = 0
        self.output_projector_add = nn.Linear(hidden, WIDTH)
        self.dense = DenseHead(hidden)

    def encode_pictures(self, pixels: Tensor) -> Tensor:
        """Returns the image tokens (pictures * cells, hidden) of patches."""
        grid = torch.tensor([[1, SIZE // PATCH, SIZE // PATCH]]).repeat(len(pixels) // (SIZE // PATCH) ** 2, 1)
        return self.model.model.visual(pixels, grid_thw=grid.to(pixels.device)).pooler_output

    def hidden(self, b: ChainBatch) -> tuple[Tensor, Tensor]:
        """Returns (last hidden states (N, L, hidden), image tokens)."""
        image_tokens = self.encode_pictures(b.pixels)
        language = self.model.model.language_model
        embeds = language.embed_tokens(b.ids)
        mask = (b.ids == self.model.config.image_token_id)[..., None]
        embeds = embeds.masked_scatter(mask, image_tokens.to(embeds.dtype))
        return language(inputs_embeds=embeds, position_ids=b.positions, use_cache=False)[0], image_tokens

    def semantic(self, hidden: Tensor, queries: Tensor) -> tuple[Tensor, Tensor]:
        """Returns semantic guidance (images, 64, WIDTH) and the pooled vector (images, WIDTH)."""
        states = hidden[queries[:, :1], queries[:, 2:]]
        return self.output_projector(states), self.output_projector_add(states).mean(1)

    def lookup_loss(self, b: LookupBatch) -> Tensor:
        embeds = self.model.model.language_model.embed_tokens(b.ids)
        positions = torch.arange(b.ids.shape[1], device=b.ids.device).expand(3, *b.ids.shape)
        hidden = self.model.model.language_model(inputs_embeds=embeds, position_ids=positions, use_cache=False)[0]
        mask = b.labels[:, 1:] != IGNORED
        return F.cross_entropy(self.model.lm_head(hidden[:, :-1][mask]).float(), b.labels[:, 1:][mask])

    def chain_loss(self, hidden: Tensor, b: ChainBatch) -> Tensor:
        mask = b.labels[:, 1:] != IGNORED
        logits = self.model.lm_head(hidden[:, :-1][mask])
        losses = F.cross_entropy(logits.float(), b.labels[:, 1:][mask], reduction="none")
        weights = b.weights[:, 1:][mask]
        return (losses * weights).sum() / weights.sum()
