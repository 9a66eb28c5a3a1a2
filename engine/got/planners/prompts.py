"""The MLLM's input: the two prompts, the chat template and the source image (paper sec. 4.2 and 5.1).

The user's text is tokenized separately, so that it can never contain a control token.
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

_USER_TEXT = "\x00"  # placeholder for the user's text while the chat template is rendered


def query_token(index: int) -> str:
    """The token whose hidden state is row `index` of the semantic guidance."""
    return f"<|im_gen_{index:04d}|>"


def add_got_tokens(tokenizer: Any, num_query_tokens: int = 64) -> None:  # noqa: ANN401 - tokenizers share no type
    """Adds GoT's special tokens, in the released order, to a tokenizer that lacks them."""
    tokens = [IM_GEN_START, IM_GEN_END, *map(query_token, range(num_query_tokens))]
    tokenizer.add_special_tokens({"extra_special_tokens": tokens}, replace_extra_special_tokens=False)


@dataclass(frozen=True)
class Vocabulary:
    """Ids of the special tokens that the method uses, looked up in the tokenizer."""

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
    """Every token outside the base vocabulary, special or not (also `<tool_call>`)."""

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
        """Token ids of the user's text. None of them is an added token, whatever the text looks like.

        Raises RequestError for lone surrogates, which no tokenizer can encode.
        """
        if any(0xD800 <= ord(c) <= 0xDFFF for c in text):
            raise RequestError("text_not_unicode", "The text contains an invalid character.", "Type or paste it again.")
        return [i for piece in self._split_added(text) for i in self.tokenizer.encode(piece, add_special_tokens=False)]

    def _split_added(self, text: str) -> list[str]:
        """Splits the text inside each added token that it contains."""
        for token in self.tokenizer.added_tokens_encoder:
            at = text.find(token)
            if at >= 0:
                return [*self._split_added(text[: at + 1]), *self._split_added(text[at + 1 :])]
        return [text]

    def encode_prompt(self, instruction: str, images: int, image_tokens: int) -> list[int]:
        """Token ids of the prompt, up to where the model begins to write.

        `images` is 1 for an edit and 0 for text-to-image; each image takes `image_tokens` placeholders.
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
    """Converts pictures to the MLLM's image patches, resized to a square of `source_size` with bicubic resampling.

    `frames` selects the second temporal frame of each patch: "repeat" (as in Qwen2.5-VL) repeats the picture;
    "coordinates" holds a fixed map of coordinates, from which a tiny model that is trained from scratch can read
    positions.
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
        batch = self.image_processor(images=[square], return_tensors="pt")
        pixels = batch["pixel_values"]
        if self.frames == "coordinates":
            patch = self.image_processor.patch_size
            frames = pixels.view(len(pixels), 3, 2, patch, patch)
            frames[:, :, 1] = coordinate_patches(self.grid[1], patch, self.image_processor.merge_size)
        return {"pixel_values": pixels, "image_grid_thw": batch["image_grid_thw"]}


def coordinate_patches(side: int, patch: int, merge: int) -> Tensor:
    """(side * side, 3, patch, patch): a coordinate map of a square picture, in the order of Qwen2.5-VL's patches.

    Channels 0 and 1 are x and y over the picture, in [-1.5, 1.5]. Channel 2 encodes each patch's column and row as
    cosines and sines of increasing frequency.
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
