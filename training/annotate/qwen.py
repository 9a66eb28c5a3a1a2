"""Describes pairs with a plain Qwen2.5-VL (paper sec. 4.1)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import torch
from PIL import Image, ImageChops
from transformers import AutoTokenizer, Qwen2_5_VLForConditionalGeneration
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from engine.api.chain import LIMIT, Box, escape_user_text
from training.annotate.describer import Plain, without_article
from training.annotate.difference import MOST_REGIONS, edit_regions
from training.networks import load_network, reading

_JSON = re.compile(r"\[\s*(?:\{.*\}\s*,?\s*)*\]", re.DOTALL)
_MOST_TOKENS = 160
_QWEN = "Qwen2.5-VL"
_MOST_PIXELS = 1280 * 28 * 28
"""Largest picture that Qwen2.5-VL gets: 1280 tokens. Its own limit of 16384 tokens is meant for pages of text."""
_NARROWEST = 200
"""Qwen2.5-VL's processor rejects pictures whose aspect ratio is this or more."""


class QwenDescriber(Plain):
    """Uses Qwen2.5-VL as released for captions and instructions, and for boxes if the difference gives none."""

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        super().__init__()
        kind = Qwen2_5_VLForConditionalGeneration
        self.model = load_network(kind, folder, ("qwen2_5_vl",), _QWEN, dtype="auto").to(device)
        with reading(folder, _QWEN):
            self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            self.images = Qwen2VLImageProcessorPil.from_pretrained(
                folder, local_files_only=True, max_pixels=_MOST_PIXELS
            )
            if not self.tokenizer.chat_template:
                raise ValueError("its tokenizer has no chat template")
        generation = self.model.generation_config
        generation.update(do_sample=False, temperature=None, top_p=None, top_k=None)  # greedy: reproducible rows

    def head(self, source: Image.Image, instruction: str, boxes: list[Box]) -> str:
        intro = f"The image shows {caption}. " if (caption := self.caption(source)) else ""
        name = self._object_name(source, boxes[0]) if boxes else ""
        return f"{intro}The object to change is the {name}" if name else f"{intro}The place to change is"

    def caption(self, image: Image.Image) -> str:
        return self._words([image], "Describe this image in one sentence, beginning with “a” or “the”.", "a caption")

    def instruction(self, source: Image.Image, target: Image.Image) -> str:
        question = "Write the instruction that turns the first image into the second."
        return self._words([source, target], question, "an instruction")

    def regions(self, source: Image.Image, target: Image.Image, instruction: str) -> list[Box] | None:
        """Returns the regions of the difference; if it covers everything or is too faint, the model's boxes."""
        regions = edit_regions(source, target)
        if regions or ImageChops.difference(source, target).getbbox() is None:
            return regions
        about = escape_user_text(instruction)
        question = f"Locate what “{about}” is about. Answer with a JSON list of objects with “bbox_2d” and “label”."
        answer = self._ask([source], question)
        boxes = read_boxes(answer, self._input_size(source)) if answer else []
        if not boxes:
            self.doubts.append(f"no box in “{_one_line(answer)[:80]}”; the difference alone says where")
        return boxes or regions

    def _object_name(self, image: Image.Image, box: Box) -> str:
        name = self._words([image.crop(box.pixels(*image.size))], _NAME, "the object's name")
        return without_article(name)

    def _words(self, pictures: list[Image.Image], question: str, what: str) -> str:
        """Returns the answer as one line of plain words; if it has none, returns "" and records a doubt."""
        words = _first_line(self._ask(pictures, question))
        if not words:
            self.doubts.append(f"no words for {what}")
        return words

    def _input_size(self, image: Image.Image) -> tuple[int, int]:
        """Returns the (width, height) in pixels at which the model reads the picture; its coordinates refer to it."""
        grid = self.images(images=[image], return_tensors="pt")["image_grid_thw"][0]
        return int(grid[2]) * self.images.patch_size, int(grid[1]) * self.images.patch_size

    @torch.inference_mode()
    def _ask(self, pictures: list[Image.Image], question: str) -> str:
        """Returns the model's answer; "" if one of the pictures is too narrow for it."""
        if any(max(picture.size) >= _NARROWEST * min(picture.size) for picture in pictures):
            return ""
        content: list[dict[str, Any]] = [{"type": "image"} for _ in pictures] + [{"type": "text", "text": question}]
        messages = [{"role": "user", "content": content}]
        text = self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        images = self.images(images=pictures, return_tensors="pt")
        for grid in images["image_grid_thw"]:
            tokens = int(grid.prod()) // self.images.merge_size**2
            text = text.replace("<|image_pad|>", "<|placeholder|>" * tokens, 1)
        ids = self.tokenizer(text.replace("<|placeholder|>", "<|image_pad|>"), return_tensors="pt")["input_ids"]
        kinds = (ids == self.model.config.image_token_id).long()
        inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "mm_token_type_ids": kinds, **images}
        inputs = {name: tensor.to(self.model.device) for name, tensor in inputs.items()}
        output: Any = self.model.generate(**inputs, max_new_tokens=_MOST_TOKENS)
        return self.tokenizer.decode(output[0, ids.shape[1] :], skip_special_tokens=True).strip()


_NAME = "Name this object in at most four words, without an article."


def read_boxes(answer: str, size: tuple[int, int]) -> list[Box]:
    """Returns the valid boxes of an answer: JSON such as [{"bbox_2d": [x1, y1, x2, y2], …}, …] in pixels of `size`."""
    match = _JSON.search(answer)
    try:
        rows = json.loads(match.group()) if match else []
        corners = [row["bbox_2d"] for row in rows]
        coordinates = [[round(v * LIMIT / size[i % 2]) for i, v in enumerate(c)] for c in corners]
    except (ValueError, TypeError, KeyError):
        return []
    boxes = []
    for c in coordinates[:MOST_REGIONS]:
        try:
            boxes.append(Box(*(min(max(v, 0), LIMIT) for v in c)))
        except (ValueError, TypeError):
            continue
    return boxes


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _first_line(text: str) -> str:
    """Returns the first line of a text, with control tokens escaped; "" if it has no letter."""
    line = escape_user_text(text.strip().split("\n")[0]).strip().rstrip(".")
    return line if any(c.isalpha() for c in line) else ""
