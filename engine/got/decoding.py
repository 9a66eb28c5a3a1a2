"""Writing token by token at a card's pace: a KV cache of fixed size, and one token's step recorded as a CUDA graph.

A 3B model's step is hundreds of small kernels, whose launching takes longer than their work. Recorded once and played
again for each token, they are launched as one. That needs a step whose tensors stay where they are and keep their
sizes, and which asks nothing of the host. The maths is that of `Reading`'s own step.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import torch
from torch import Tensor
from transformers import DynamicCache, Qwen2_5_VLForConditionalGeneration, StaticCache
from transformers.generation.logits_process import RepetitionPenaltyLogitsProcessor

log = logging.getLogger(__name__)

ROOM = 512
"""Caches hold so many tokens, or a multiple: a larger one is read in full at each token, used or not."""


class DecodingStep:
    """Reads one token and chooses the next, in a cache that holds `room` tokens."""

    def __init__(self, mllm: Qwen2_5_VLForConditionalGeneration, room: int) -> None:
        config, device, weight = mllm.config.get_text_config(), mllm.device, mllm.lm_head.weight
        self.room = room
        self.length = 0
        """How many of the cache's tokens are read."""
        self._mllm = mllm
        self._cache = StaticCache(config=config, max_cache_len=room)
        head_width = config.hidden_size // config.num_attention_heads
        self._cache.early_initialization(1, config.num_key_value_heads, head_width, weight.dtype, device)
        self._layers = cast(list[Any], self._cache.layers)  # the common base knows no keys
        self._token = torch.zeros(1, 1, dtype=torch.long, device=device)
        self._positions = torch.zeros(3, 1, 1, dtype=torch.long, device=device)
        self._ids = torch.zeros(1, room + 1, dtype=torch.long, device=device)
        self._penalty = RepetitionPenaltyLogitsProcessor(mllm.generation_config.repetition_penalty or 1.0)
        self._places = torch.arange(room, device=device)
        self._layer_types = set(config.layer_types)
        self._step = _recorded(self._advance, device) if device.type == "cuda" else self._advance

    def load(self, cache: DynamicCache, ids: Sequence[int], positions: Tensor) -> None:
        """Takes in what is read so far, and the last of `ids`, which is to be read next, at `positions` (3, 1, 1)."""
        self.length = cache.get_seq_length()
        for ours, theirs in zip(self._layers, cast(list[Any], cache.layers), strict=True):
            ours.keys[:, :, : self.length] = theirs.keys
            ours.values[:, :, : self.length] = theirs.values
            ours.cumulative_length.fill_(self.length)
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
        for index, layer in enumerate(self._layers):
            cache.update(layer.keys[:, :, known : self.length], layer.values[:, :, known : self.length], index)

    def _advance(self) -> None:
        """All that happens for a token, on the device alone."""
        length, weight = self._layers[0].cumulative_length, self._mllm.lm_head.weight
        unread = torch.finfo(weight.dtype).min
        mask = torch.zeros(self.room, dtype=weight.dtype, device=weight.device)
        mask = mask.masked_fill(self._places > length, unread).view(1, 1, 1, -1)
        hidden = self._mllm.model.language_model(
            input_ids=self._token,
            attention_mask=dict.fromkeys(self._layer_types, mask),
            position_ids=self._positions,
            past_key_values=self._cache,
            use_cache=True,
        ).last_hidden_state
        scores = self._penalty(self._ids, self._mllm.lm_head(hidden[:, -1]))
        self._token.copy_(scores.argmax(dim=-1, keepdim=True))
        self._ids.index_copy_(1, length.view(1), self._token)
        self._positions += 1


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


def _recorded(run: Callable[[], None], device: torch.device) -> Callable[[], None]:
    """The same as a CUDA graph. Where the card or its driver records none, it runs as it is."""
    with torch.cuda.device(device):
        graph, aside = torch.cuda.CUDAGraph(), torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):  # once before, as libraries make their workspaces at the first call
            run()
        torch.cuda.current_stream().wait_stream(aside)
        try:
            with torch.cuda.graph(graph):
                run()
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            log.warning("tokens are written without a CUDA graph", extra={"fault": str(error)})
            return run
    return graph.replay
