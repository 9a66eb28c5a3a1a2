"""Writing token by token at a card's pace: a KV cache of fixed size, and one token's step recorded as a CUDA graph.

That needs a step whose tensors stay where they are and keep their sizes, and which asks nothing of the host. It is
Qwen2.5's decoder for a single token, in as few kernels as can be: at one token each takes a few microseconds, however
little it computes. Where Triton is there, they are our own (`engine.got.kernels`). The maths is that of `Reading`'s own
step.
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
"""Caches hold so many tokens, or a multiple: a picture of 256 tokens and a long chain. PyTorch's kernels read all of it
at each token, used or not, which is little beside the weights."""


class DecodingStep:
    """Reads one token and chooses the next, in a cache that holds `room` tokens."""

    def __init__(self, mllm: Qwen2_5_VLForConditionalGeneration, room: int) -> None:
        config, device, weight = mllm.config.get_text_config(), mllm.device, mllm.lm_head.weight
        self.room = room
        self.length = 0
        """How many of the cache's tokens are read."""
        self._mllm = mllm
        self._model = cast(Any, mllm.model.language_model)  # its layers are typed as any modules
        self._sections = config.rope_parameters["mrope_section"]
        self._width = config.hidden_size // config.num_attention_heads
        layers, heads = config.num_hidden_layers, config.num_key_value_heads
        self._cache = torch.zeros(layers, 2, 1, heads, room, self._width, dtype=weight.dtype, device=device)
        """Keys and values of each layer."""
        self._read = torch.zeros(1, dtype=torch.long, device=device)
        """`length`, for the device."""
        self._token = torch.zeros(1, 1, dtype=torch.long, device=device)
        self._positions = torch.zeros(3, 1, 1, dtype=torch.long, device=device)
        self._ids = torch.zeros(1, room + 1, dtype=torch.long, device=device)
        self._penalty = RepetitionPenaltyLogitsProcessor(mllm.generation_config.repetition_penalty or 1.0)
        self._places = torch.arange(room, device=device)
        self._own_kernels = config.hidden_act == "silu" and kernels.usable(device)
        self._step = recorded(self._advance, device)

    def load(self, cache: DynamicCache, ids: Sequence[int], positions: Tensor) -> None:
        """Takes in what is read so far, and the last of `ids`, which is to be read next, at `positions` (3, 1, 1)."""
        self.length = cache.get_seq_length()
        for (keys, values), theirs in zip(self._cache, cast(list[Any], cache.layers), strict=True):
            keys[:, :, : self.length] = theirs.keys
            values[:, :, : self.length] = theirs.values
        self._read.fill_(self.length)
        self._token.fill_(ids[-1])
        self._positions.copy_(positions)
        self._ids.fill_(ids[0])  # what is not written yet is seen once more, which changes nothing
        self._ids[0, : len(ids)] = torch.tensor(ids, device=self._ids.device)

    def __call__(self) -> int:
        """Reads the token that was loaded or chosen last; gives the likeliest next one."""
        self._step()
        self.length += 1
        return int(self._token)

    def unload(self, cache: DynamicCache) -> None:
        """Adds what was read since `load` to that cache."""
        known = cache.get_seq_length()
        for index, (keys, values) in enumerate(self._cache):
            cache.update(keys[:, :, known : self.length], values[:, :, known : self.length], index)

    def _advance(self) -> None:
        """All that happens for a token, on the device alone."""
        hidden = self._model.embed_tokens(self._token)
        read = self._by_own_kernels if self._own_kernels else self._by_operators
        scores = read(hidden, self._rotation(hidden)).view(1, -1)
        self._token.copy_(self._penalty(self._ids, scores).argmax(dim=-1, keepdim=True))
        self._read += 1
        self._ids.index_copy_(1, self._read, self._token)
        self._positions += 1

    def _by_own_kernels(self, hidden: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
        """(1, 1, d) -> (1, 1, vocabulary)"""
        from engine.got.kernels.decoder import multiply_row, norm_of, read_layer, weights_of

        for layer, (keys, values) in zip(self._model.layers, self._cache, strict=True):
            hidden = read_layer(layer, hidden, turn, keys, values, self._read)
        return multiply_row(hidden, weights_of(self._mllm.lm_head), norm_of(self._model.norm))

    def _by_operators(self, hidden: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
        """The same."""
        unread = (self._places > self._read) * torch.finfo(hidden.dtype).min
        mask = unread.to(hidden.dtype).view(1, 1, 1, -1)
        for layer, (keys, values) in zip(self._model.layers, self._cache, strict=True):
            seen = _norm(layer.input_layernorm, hidden)
            hidden = hidden + self._attend(layer.self_attn, seen, turn, mask, keys, values)
            hidden = hidden + layer.mlp(_norm(layer.post_attention_layernorm, hidden))
        return self._mllm.lm_head(_norm(self._model.norm, hidden))

    def _rotation(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """(width,) each: what a head's values, and what those of its other half, are multiplied by."""
        cos, sin = map(self._composed, self._model.rotary_emb(hidden, self._positions))
        first, second = sin.chunk(2)
        return cos, torch.cat([-first, second])

    def _composed(self, angles: Tensor) -> Tensor:
        """(width,). Each section of a head turns by the position on one of the three axes (Qwen2-VL, arXiv 2409.12191,
        M-RoPE); older versions of transformers give all of it for each axis."""
        if angles.shape[0] == 3:
            sections = enumerate(angles.split(self._sections * 2, dim=-1))
            angles = torch.cat([part[index % 3] for index, part in sections], dim=-1)
        return angles.flatten()

    def _attend(
        self,
        attention: Any,  # noqa: ANN401 - of whichever class the model's version has
        seen: Tensor,
        turn: tuple[Tensor, Tensor],
        mask: Tensor,
        keys: Tensor,
        values: Tensor,
    ) -> Tensor:
        """Self-attention (1, 1, d) of the token to all that is read. The queries that share a key's head are taken for
        as many queries of one head, so that keys and values need not be repeated."""
        cos, sin = turn
        both = torch.cat([attention.q_proj(seen), attention.k_proj(seen)], dim=-1).view(-1, self._width)
        both = torch.addcmul(both * cos, both.roll(self._width // 2, dims=-1), sin)
        shared = keys.shape[1]
        keys.index_copy_(2, self._read, both[-shared:].view(1, shared, 1, -1))
        values.index_copy_(2, self._read, attention.v_proj(seen).view(1, shared, 1, -1))
        queries = both[:-shared].view(1, shared, -1, self._width)
        found = F.scaled_dot_product_attention(queries, keys, values, attn_mask=mask, scale=attention.scaling)
        return attention.o_proj(found.reshape(1, 1, -1))


def _norm(norm: Any, hidden: Tensor) -> Tensor:  # noqa: ANN401
    """Qwen2.5's RMS norm as one kernel."""
    return F.rms_norm(hidden, norm.weight.shape, norm.weight, norm.variance_epsilon)


class Decoder:
    """The steps of one MLLM, each lent to one writer at a time, so that requests may take turns."""

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
        """Lets go of all steps: the weights that they were recorded with lie elsewhere now."""
        self._free.clear()
