"""What the MLLM reads: the two prompts, the chat layout around them and the source image (paper sec. 4.2 and 5.1).

The user's words are tokenised apart, so that no text a user types can become a control token.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from engine.api.errors import RequestError

EDIT_PROMPT = "Follow the instruction to edit the given image through a chain of thought process:"
TEXT_TO_IMAGE_PROMPT = "Follow the caption to generate an image through a chain of thought process:"

IM_GEN_START, IM_GEN_END = "<|im_gen_start|>", "<|im_gen_end|>"
VISION_START, VISION_END, IMAGE_PAD = "<|vision_start|>", "<|vision_end|>", "<|image_pad|>"
END_OF_TEXT = "<|endoftext|>"

_USER_TEXT = "\x00"  # stands for the user's words while the chat template is rendered


def query_token(index: int) -> str:
    """The index-th of the tokens whose hidden states are the semantic guidance."""
    return f"<|im_gen_{index:04d}|>"


def add_got_tokens(tokenizer: Any, num_query_tokens: int = 64) -> None:  # noqa: ANN401 - transformers' tokenizers share no type
    """Adds GoT's special tokens, in the released order, to a tokenizer that lacks them."""
    tokens = [IM_GEN_START, IM_GEN_END, *map(query_token, range(num_query_tokens))]
    tokenizer.add_special_tokens({"extra_special_tokens": tokens}, replace_extra_special_tokens=False)


@dataclass(frozen=True)
class Vocabulary:
    """Ids of the tokens that the method handles by name; looked up, never assumed."""

    tokenizer: Any
    num_query_tokens: int = 64
    im_gen_start: int = field(init=False)
    im_gen_end: int = field(init=False)
    vision_start: int = field(init=False)
    vision_end: int = field(init=False)
    image_pad: int = field(init=False)
    end_of_text: int = field(init=False)
    queries: tuple[int, ...] = field(init=False)
    added: frozenset[int] = field(init=False)
    """Every token outside the plain vocabulary, special or not (`<tool_call>` too)."""

    def __post_init__(self) -> None:
        names = {
            "im_gen_start": IM_GEN_START,
            "im_gen_end": IM_GEN_END,
            "vision_start": VISION_START,
            "vision_end": VISION_END,
            "image_pad": IMAGE_PAD,
            "end_of_text": END_OF_TEXT,
        }
        for attribute, token in names.items():
            object.__setattr__(self, attribute, self._id(token))
        queries = tuple(self._id(query_token(i)) for i in range(self.num_query_tokens))
        object.__setattr__(self, "queries", queries)
        object.__setattr__(self, "added", frozenset(self.tokenizer.added_tokens_decoder))

    def _id(self, token: str) -> int:
        return self.tokenizer.added_tokens_encoder[token]

    def encode_user_text(self, text: str) -> list[int]:
        """Ids of words a user typed: none of them is an added token, whatever the text looks like.

        Raises RequestError for lone surrogates, which no tokenizer can encode.
        """
        if any(0xD800 <= ord(c) <= 0xDFFF for c in text):
            raise RequestError("text_not_unicode", "The text contains an invalid character.", "Type or paste it again.")
        return [i for piece in self._split_added(text) for i in self.tokenizer.encode(piece, add_special_tokens=False)]

    def _split_added(self, text: str) -> list[str]:
        """The text in pieces, cut inside each added token that it spells."""
        for token in self.tokenizer.added_tokens_encoder:
            at = text.find(token)
            if at >= 0:
                return [*self._split_added(text[: at + 1]), *self._split_added(text[at + 1 :])]
        return [text]

    def encode_prompt(self, instruction: str, images: int, image_tokens: int) -> list[int]:
        """Ids of the whole prompt up to where the model begins to write.

        `images` is 1 for an edit, 0 for text-to-image; each image takes `image_tokens` placeholders.
        """
        task = EDIT_PROMPT if images else TEXT_TO_IMAGE_PROMPT
        content = [{"type": "image"}] * images + [{"type": "text", "text": task + _USER_TEXT}]
        rendered = self.tokenizer.apply_chat_template(
            [{"role": "user", "content": content}], tokenize=False, add_generation_prompt=True
        )
        head, tail = rendered.replace(IMAGE_PAD, IMAGE_PAD * image_tokens).split(_USER_TEXT)
        encode = self.tokenizer.encode
        return [
            *encode(head, add_special_tokens=False),
            *self.encode_user_text(" " + instruction.strip()),
            *encode(tail, add_special_tokens=False),
        ]


class SourceProcessor:
    """Turns pictures into the MLLM's image patches: squashed to a square of `source_size`, bicubic.

    `frames` says what the second temporal frame of each patch holds: "repeat" (Qwen2.5-VL's own way) the same
    picture; "coordinates" a fixed map of coordinates, so that a tiny model trained from scratch can read positions.
    """

    def __init__(self, image_processor: Any, source_size: int, frames: str = "repeat") -> None:  # noqa: ANN401
        self.image_processor = image_processor
        self.source_size = source_size
        self.frames = frames
        side = source_size // image_processor.patch_size
        self.grid = (1, side, side)
        self.tokens = (side // image_processor.merge_size) ** 2

    def __call__(self, image: Image.Image) -> dict[str, Tensor]:
        """RGB picture -> {"pixel_values": (patches, 3 * 2 * patch * patch), "image_grid_thw": (1, 3)}."""
        square = image.convert("RGB").resize((self.source_size, self.source_size), Image.Resampling.BICUBIC)
        made = self.image_processor(images=[square], return_tensors="pt")
        pixels = made["pixel_values"]
        if self.frames == "coordinates":
            patch = self.image_processor.patch_size
            frames = pixels.view(len(pixels), 3, 2, patch, patch)
            frames[:, :, 1] = coordinate_patches(self.grid[1], patch, self.image_processor.merge_size)
        return {"pixel_values": pixels, "image_grid_thw": made["image_grid_thw"]}


def coordinate_patches(side: int, patch: int, merge: int) -> Tensor:
    """(side * side, 3, patch, patch): a square picture's coordinates in the order of Qwen2.5-VL's patches.

    Channels 0 and 1 are x and y over the picture in [-1.5, 1.5]; channel 2 is constant in kind within each patch:
    cosines and sines of its column and row at rising frequencies.
    """
    pixels = torch.linspace(-1.5, 1.5, side * patch)
    x = pixels.expand(side * patch, -1)
    angles = torch.arange(1, patch * patch // 4 + 1) * math.pi / side  # one frequency for four values of a patch
    phase = (torch.arange(side) + 0.5)[:, None] * angles
    waves = torch.stack([phase.cos(), phase.sin()], -1)  # (side, frequencies, 2)
    code = torch.cat([waves.expand(side, side, -1, 2), waves[:, None].expand(side, side, -1, 2)], -1)
    code = torch.nn.functional.pad(code.flatten(2), (0, patch * patch - 4 * len(angles)))
    code = code.view(side, side, patch, patch).transpose(1, 2).reshape(side * patch, side * patch)
    frame = torch.stack([x, x.T, code])
    blocks = side // merge
    frame = frame.view(3, blocks, merge, patch, blocks, merge, patch)
    return frame.permute(1, 4, 2, 5, 0, 3, 6).reshape(side * side, 3, patch, patch)
