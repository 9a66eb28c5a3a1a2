"""Models that describe pairs for annotation: a GoT model's own planner, or a plain Qwen2.5-VL (paper sec. 4.1)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import torch
from PIL import Image, ImageChops
from transformers import AutoTokenizer, Qwen2_5_VLForConditionalGeneration
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from engine.api.chain import LIMIT, Box, Chain, Region
from engine.api.errors import ModelError
from engine.got import GoTPipeline
from training.annotate import Plain
from training.difference import MOST_REGIONS, edit_regions

_JSON = re.compile(r"\[\s*(?:\{.*\}\s*,?\s*)*\]", re.DOTALL)
_ARTICLE = re.compile(r"^(a|an|the) ")
_MOST_TOKENS = 160
_SAME = 0.4
"""IoU from which on an object that the planner sees is the one that was edited."""


class PlannerDescriber(Plain):
    """Begins chains as a GoT model itself would, so that its adapter learns the new and not another manner."""

    def __init__(self, folder: Path) -> None:
        self.pipeline = GoTPipeline.from_pretrained(folder)
        self._planned: tuple[Image.Image, str, Chain] | None = None

    def regions(self, source: Image.Image, target: Image.Image, instruction: str) -> list[Box] | None:
        """Where the pictures differ; the box of the object that the planner sees there, if it sees one.

        The difference bounds an object a few pixels off, and each time by others: nothing that can be learnt.
        """
        found = super().regions(source, target, instruction)
        return found and [there.box if (there := self._object(source, instruction, box)) else box for box in found]

    def head(self, source: Image.Image, instruction: str, boxes: list[Box]) -> str:
        """As the model plans it; but the object's name is that of what stands in the edit's box."""
        chain = self._plan(source, instruction)
        edited = chain.mask_regions(0)
        if not edited or not boxes:
            return super().head(source, instruction, boxes)
        if there := self._object(source, instruction, boxes[0]):
            chain = chain.rename(edited[0].id, f"the {_ARTICLE.sub('', there.phrase)}")
        return chain.text[: chain.mask_regions(0)[0].start].rstrip()

    def _object(self, source: Image.Image, instruction: str, box: Box) -> Region | None:
        objects = [region for region in self._plan(source, instruction).boxes if region.color is None]
        there = max(objects, key=lambda region: region.box.iou(box), default=None)
        return there if there and there.box.iou(box) > _SAME else None

    def _plan(self, source: Image.Image, instruction: str) -> Chain:
        """Planned once for a pair."""
        if not self._planned or self._planned[0] is not source or self._planned[1] != instruction:
            self._planned = (source, instruction, self.pipeline.plan(instruction, source))
        return self._planned[2]


class QwenDescriber(Plain):
    """Qwen2.5-VL as it is published: captions, instructions, and boxes where the pictures' difference gives none."""

    def __init__(self, folder: Path) -> None:
        try:
            self.model = Qwen2_5_VLForConditionalGeneration.from_pretrained(folder, local_files_only=True).eval()
            self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            self.images = Qwen2VLImageProcessorPil.from_pretrained(folder, local_files_only=True)
        except (OSError, ValueError) as error:
            raise ModelError("model_folder_wrong", f"{folder} is no Qwen2.5-VL.", "Download it again.") from error

    def head(self, source: Image.Image, instruction: str, boxes: list[Box]) -> str:
        thing = self._ask([source.crop(boxes[0].pixels(*source.size))], _NAME) if boxes else "place"
        return f"The image shows {self.caption(source)}. The object to change is the {_first_line(thing)}"

    def caption(self, image: Image.Image) -> str:
        return _first_line(self._ask([image], "Describe this image in one sentence, beginning with “a” or “the”."))

    def instruction(self, source: Image.Image, target: Image.Image) -> str:
        return _first_line(
            self._ask([source, target], "Write the instruction that turns the first image into the second.")
        )

    def regions(self, source: Image.Image, target: Image.Image, instruction: str) -> list[Box] | None:
        """Where the pictures differ; where they do so everywhere, what the model points at."""
        if ImageChops.difference(source, target).getbbox() is None:
            return None
        return edit_regions(source, target) or self._ground(source, instruction)

    def _ground(self, image: Image.Image, instruction: str) -> list[Box]:
        question = (
            f"Locate what “{instruction}” is about. Answer with a JSON list of objects with “bbox_2d” and “label”."
        )
        return read_boxes(self._ask([image], question), self._seen_size(image))

    def _seen_size(self, image: Image.Image) -> tuple[int, int]:
        """(width, height) as the model sees the picture: its coordinates are absolute pixels of that."""
        grid = self.images(images=[image], return_tensors="pt")["image_grid_thw"][0]
        return int(grid[2]) * self.images.patch_size, int(grid[1]) * self.images.patch_size

    @torch.inference_mode()
    def _ask(self, pictures: list[Image.Image], question: str) -> str:
        content: list[dict[str, Any]] = [{"type": "image"} for _ in pictures] + [{"type": "text", "text": question}]
        messages = [{"role": "user", "content": content}]
        text = self.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        images = self.images(images=pictures, return_tensors="pt")
        for grid in images["image_grid_thw"]:
            tokens = int(grid.prod()) // self.images.merge_size**2
            text = text.replace("<|image_pad|>", "<|placeholder|>" * tokens, 1)
        ids = self.tokenizer(text.replace("<|placeholder|>", "<|image_pad|>"), return_tensors="pt")["input_ids"]
        kinds = (ids == self.model.config.image_token_id).long()
        written: Any = self.model.generate(  # type: ignore[operator] - a method that transformers mixes in
            input_ids=ids, attention_mask=torch.ones_like(ids), mm_token_type_ids=kinds, do_sample=False,
            max_new_tokens=_MOST_TOKENS, **images,
        )  # fmt: skip
        return self.tokenizer.decode(written[0, ids.shape[1] :], skip_special_tokens=True).strip()


_NAME = "Name this object in at most four words, without an article."


def read_boxes(answer: str, size: tuple[int, int]) -> list[Box]:
    """The boxes of an answer, [{"bbox_2d": [x1, y1, x2, y2], …}, …] in pixels of `size`; those that are none are
    left out."""
    found = _JSON.search(answer)
    try:
        rows = json.loads(found.group()) if found else []
        corners = [row["bbox_2d"] for row in rows]
        scaled = [[round(v * LIMIT / size[i % 2]) for i, v in enumerate(c)] for c in corners]
    except (ValueError, TypeError, KeyError):
        return []
    boxes = []
    for c in scaled[:MOST_REGIONS]:
        try:
            boxes.append(Box(*(min(max(v, 0), LIMIT - 1) for v in c)))
        except (ValueError, TypeError):
            continue
    return boxes


def _first_line(text: str) -> str:
    return text.strip().split("\n")[0].rstrip(".")
