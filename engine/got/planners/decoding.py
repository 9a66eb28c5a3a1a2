"""Fast decoding on a GPU: a KV cache of fixed size, and a CUDA graph of the step for one token.

The graph needs tensors that keep their addresses and sizes, and no decisions on the host. The step is Qwen2.5's decoder
for a single token, in as few kernels as possible: for one token each kernel takes a few microseconds, however little it
computes. Where Triton is available, the kernels are our own (`engine.got.kernels`). The computation is the same as in
`Reading`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import DynamicCache, Qwen2_5_VLForConditionalGeneration
from transformers.generation.logits_process import RepetitionPenaltyLogitsProcessor

from engine.got import kernels
from engine.got.recording import recorded

ROOM = 1024
"""Caches hold a multiple of this many tokens: room for an image of 256 tokens and a long chain. PyTorch's kernels read
the whole cache for each token, which is little compared with the weights."""


class DecodingStep:
    """Reads one token and chooses the next, with a cache for `room` tokens."""

    def __init__(self, mllm: Qwen2_5_VLForConditionalGeneration, room: int) -> None:
        config, device, weight = mllm.config.get_text_config(), mllm.device, mllm.lm_head.weight
        self.room = room
        self.length = 0
        """The number of tokens in the cache."""
        self._mllm = mllm
        self._model = cast(Any, mllm.model.language_model)  # the types of its layers are not declared
        self._sections = config.rope_parameters["mrope_section"]
        self._width = config.hidden_size // config.num_attention_heads
        layers, heads = config.num_hidden_layers, config.num_key_value_heads
        self._cache = torch.zeros(layers, 2, 1, heads, room, self._width, dtype=weight.dtype, device=device)
        """Keys and values of each layer."""
        self._device_length = torch.zeros(1, dtype=torch.long, device=device)
        """`length` on the device."""
        self._token = torch.zeros(1, 1, dtype=torch.long, device=device)
        self._positions = torch.zeros(3, 1, 1, dtype=torch.long, device=device)
        self._ids = torch.zeros(1, room + 1, dtype=torch.long, device=device)
        self._penalty = RepetitionPenaltyLogitsProcessor(mllm.generation_config.repetition_penalty or 1.0)
        self._places = torch.arange(room, device=device)
        self._own_kernels = config.hidden_act == "silu" and kernels.usable(device)
        self._step = recorded(self._advance, device)

    def load(self, cache: DynamicCache, ids: Sequence[int], positions: Tensor) -> None:
        """Copies a cache, and the last of `ids`, which is read next, at `positions` (3, 1, 1)."""
        self.length = cache.get_seq_length()
        for (keys, values), theirs in zip(self._cache, cast(list[Any], cache.layers), strict=True):
            keys[:, :, : self.length] = theirs.keys
            values[:, :, : self.length] = theirs.values
        self._device_length.fill_(self.length)
        self._token.fill_(ids[-1])
        self._positions.copy_(positions)
        self._ids.fill_(ids[0])  # repeats the first id in the unused part, which does not change the penalty
        self._ids[0, : len(ids)] = torch.tensor(ids, device=self._ids.device)

    def __call__(self) -> int:
        """Reads the token that was loaded or chosen last. Returns the most likely next token."""
        self._step()
        self.length += 1
        return int(self._token)

    def unload(self, cache: DynamicCache) -> None:
        """Appends the tokens that were read since `load` to this cache."""
        start = cache.get_seq_length()
        for index, (keys, values) in enumerate(self._cache):
            cache.update(keys[:, :, start : self.length], values[:, :, start : self.length], index)

    def _advance(self) -> None:
        """The complete step for one token, on the device only."""
        hidden = self._model.embed_tokens(self._token)
        score = self._scores_by_kernels if self._own_kernels else self._scores_by_operators
        scores = score(hidden, self._rotation(hidden)).view(1, -1)
        self._token.copy_(self._penalty(self._ids, scores).argmax(dim=-1, keepdim=True))
        self._device_length += 1
        self._ids.index_copy_(1, self._device_length, self._token)
        self._positions += 1

    def _scores_by_kernels(self, hidden: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
        """(1, 1, d) -> (1, 1, vocabulary), with our Triton kernels."""
        from engine.got.kernels.decoder import multiply_row, norm_of, read_layer, weights_of

        for layer, (keys, values) in zip(self._model.layers, self._cache, strict=True):
            hidden = read_layer(layer, hidden, rotation, keys, values, self._device_length)
        return multiply_row(hidden, weights_of(self._mllm.lm_head), norm_of(self._model.norm))

    def _scores_by_operators(self, hidden: Tensor, rotation: tuple[Tensor, Tensor]) -> Tensor:
        """(1, 1, d) -> (1, 1, vocabulary), with PyTorch's operators."""
        mask_values = (self._places > self._device_length) * torch.finfo(hidden.dtype).min
        mask = mask_values.to(hidden.dtype).view(1, 1, 1, -1)
        for layer, (keys, values) in zip(self._model.layers, self._cache, strict=True):
            normalized = _norm(layer.input_layernorm, hidden)
            hidden = hidden + self._attend(layer.self_attn, normalized, rotation, mask, keys, values)
            hidden = hidden + layer.mlp(_norm(layer.post_attention_layernorm, hidden))
        return self._mllm.lm_head(_norm(self._model.norm, hidden))

    def _rotation(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Rotary factors, (width,) each: for a head's values, and for the values of its other half."""
        cos, sin = map(self._merge_sections, self._model.rotary_emb(hidden, self._positions))
        first, second = sin.chunk(2)
        return cos, torch.cat([-first, second])

    def _merge_sections(self, angles: Tensor) -> Tensor:
        """(width,). Each section of a head is rotated by the position on one of three axes (M-RoPE, Qwen2-VL, arXiv
        2409.12191). Older versions of transformers return all sections for each axis."""
        if angles.shape[0] == 3:
            sections = enumerate(angles.split(self._sections * 2, dim=-1))
            angles = torch.cat([part[index % 3] for index, part in sections], dim=-1)
        return angles.flatten()

    def _attend(
        self,
        attention: Any,  # noqa: ANN401 - its class depends on the model's version
        normalized: Tensor,
        rotation: tuple[Tensor, Tensor],
        mask: Tensor,
        keys: Tensor,
        values: Tensor,
    ) -> Tensor:
        """Self-attention (1, 1, d) of the token to all tokens in the cache. Queries that share a key head are treated
        as several queries of one head, so keys and values are not repeated."""
        cos, sin = rotation
        both = torch.cat([attention.q_proj(normalized), attention.k_proj(normalized)], dim=-1).view(-1, self._width)
        both = torch.addcmul(both * cos, both.roll(self._width // 2, dims=-1), sin)
        shared = keys.shape[1]
        keys.index_copy_(2, self._device_length, both[-shared:].view(1, shared, 1, -1))
        values.index_copy_(2, self._device_length, attention.v_proj(normalized).view(1, shared, 1, -1))
        queries = both[:-shared].view(1, shared, -1, self._width)
        attended = F.scaled_dot_product_attention(queries, keys, values, attn_mask=mask, scale=attention.scaling)
        return attention.o_proj(attended.reshape(1, 1, -1))


def _norm(norm: Any, hidden: Tensor) -> Tensor:  # noqa: ANN401
    """Qwen2.5's RMS norm as one kernel."""
    return F.rms_norm(hidden, norm.weight.shape, norm.weight, norm.variance_epsilon)


class Decoder:
    """The decoding steps of one MLLM. Each step is lent to one writer at a time, so requests can be interleaved."""

    def __init__(self, mllm: Qwen2_5_VLForConditionalGeneration) -> None:
        self._mllm = mllm
        self._free: dict[int, list[DecodingStep]] = {}

    @contextmanager
    def lend(self, length: int) -> Iterator[DecodingStep]:
        """A step with room for at least one token more than `length`."""
        room = (length // ROOM + 1) * ROOM
        free = self._free.setdefault(room, [])
        step = free.pop() if free else DecodingStep(self._mllm, room)
        try:
            yield step
        finally:
            free.append(step)

    def forget(self) -> None:
        """Drops all steps. Required when the weights move, because the graphs hold their addresses."""
        self._free.clear()
