"""The text and images that the MLLM has read and written in one request, with their KV cache."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import torch
from torch import Tensor
from transformers import DynamicCache, Qwen2_5_VLForConditionalGeneration
from transformers.generation.logits_process import RepetitionPenaltyLogitsProcessor

from engine.got.planners.decoding import Decoder

_IMAGE_INPUTS = ("pixel_values", "image_grid_thw")


class Reading:
    """A growing sequence of text and images. Whatever the KV cache lacks is read in one forward pass.

    Positions are passed to every forward pass. The model's own `rope_deltas`, which outlive a request, are never used.
    """

    def __init__(self, mllm: Qwen2_5_VLForConditionalGeneration, decoder: Decoder | None = None) -> None:
        """With a decoder, tokens are written by its steps. This pays off on a GPU only."""
        self.mllm = mllm
        self.decoder = decoder
        self.ids: list[int] = []
        self._images: list[tuple[int, dict[str, Tensor]]] = []  # (start, inputs) of each image
        self._is_image: list[int] = []  # 1 at image tokens
        self._cache = DynamicCache(config=mllm.config)
        self._positions = torch.empty(3, 1, 0, dtype=torch.long, device=mllm.device)  # of the tokens in the cache
        self._last_hidden = torch.empty(0)

    def append(self, ids: list[int]) -> None:
        """Adds text for the next forward pass."""
        self.ids += ids
        self._is_image += [0] * len(ids)

    def append_image(self, image: dict[str, Tensor], tokens: int) -> None:
        """Adds an image (`pixel_values`, `image_grid_thw`) that takes this many tokens."""
        self._images.append((len(self.ids), image))
        self.ids += [self.mllm.config.image_token_id] * tokens
        self._is_image += [1] * tokens

    def forward(self) -> Tensor:
        """(1, n, d): last hidden states of all tokens that were not in the cache.

        Cached tokens whose positions differ from those of the complete text are read again.
        """
        positions = self._rope_positions()
        cached = self._positions.shape[-1]
        agree = (positions[..., :cached] == self._positions).all(dim=0)
        reusable = int(agree.cumprod(dim=-1).sum())
        if reusable < cached:
            self._cache.crop(reusable - cached)
            self._positions = self._positions[..., :reusable]
        return self._read(positions[..., reusable:])

    def write(self) -> Generator[int, None, None]:
        """Yields the most likely next token, endlessly. A token is read only when the next one is requested.

        Each position is the previous one plus 1 on all three axes, as in transformers' `generate`, which the reference
        uses. It differs from the positions in `forward` only right after an image. Close the generator before reading
        anything else.
        """
        if len(self.ids) > self._positions.shape[-1]:
            self.forward()
        while True:
            token = int(self._scores().argmax())
            self.append([token])
            yield token
            if self.decoder is not None:
                yield from self._write_with_decoder(self.decoder)
            self._read(self._positions[..., -1:] + 1)

    def _write_with_decoder(self, decoder: Decoder) -> Iterator[int]:
        """Yields tokens from a decoder's step until its room is used up, and then updates the cache."""
        last, cached = self._positions[..., -1:], self._positions.shape[-1]
        with decoder.lend(cached) as step:
            step.load(self._cache, self.ids, last + 1)
            try:
                while step.length < step.room:
                    token = step()
                    self.append([token])
                    yield token
            finally:
                step.unload(self._cache)
                offsets = torch.arange(1, step.length - cached + 1, device=last.device)
                self._positions = torch.cat([self._positions, last + offsets], dim=-1)

    def is_finite(self) -> bool:
        """Whether the hidden state for the next token contains finite numbers only."""
        return bool(self._last_hidden.isfinite().all())

    def _scores(self) -> Tensor:
        """(1, vocabulary): logits of the next token, with the model's own repetition penalty."""
        logits = self.mllm.lm_head(self._last_hidden)
        penalty = self.mllm.generation_config.repetition_penalty or 1.0
        ids = torch.tensor([self.ids], device=logits.device)
        return RepetitionPenaltyLogitsProcessor(penalty)(ids, logits)

    def _rope_positions(self) -> Tensor:
        """(3, 1, length): temporal, height and width position of each token."""
        images = [image["image_grid_thw"] for _, image in self._images]
        positions, _ = self.mllm.model.get_rope_index(
            torch.tensor([self.ids]),
            mm_token_type_ids=torch.tensor([self._is_image]),
            image_grid_thw=torch.cat(images) if images else None,
        )
        return positions.to(self.mllm.device)

    def _read(self, positions: Tensor) -> Tensor:
        """Reads the text from the cache's end, at positions (3, 1, n)."""
        cached = self._positions.shape[-1]
        device = self.mllm.device
        pending = [image for start, image in self._images if start >= cached]
        images = {name: torch.cat([image[name] for image in pending]).to(device) for name in _IMAGE_INPUTS if pending}
        hidden = self.mllm.model(
            input_ids=torch.tensor([self.ids[cached:]], device=device),
            position_ids=positions,
            past_key_values=self._cache,
            use_cache=True,
            **images,
        ).last_hidden_state
        self._positions = torch.cat([self._positions, positions], dim=-1)
        self._last_hidden = hidden[:, -1]
        return hidden
