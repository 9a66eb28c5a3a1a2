"""Similarity of an edit to its target, measured by pretrained vision networks whose weights the user provides.

clip_i, dino  Cosine similarity of the embeddings of result and target: in CLIP's joint space; of DINO's class tokens.
              MagicBrush (arXiv 2306.10012) measures edits with a true result in this way.
clip_t        Cosine similarity, in CLIP's joint space, of the result and a description of the target. MagicBrush and
              InstructPix2Pix (arXiv 2211.09800) use captions; an instruction says what to do, not what can be seen.
              So a pair whose chain does not describe its target has no clip_t.
outside_lpips LPIPS of result and source outside the boxes. Both are gray inside them, so that no feature depends on
              the edit, and each layer's mean covers only the places outside.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor
from transformers import AutoImageProcessor, AutoModel, AutoTokenizer, CLIPModel

from engine.api.chain import Chain
from engine.got.renderers.conditioning import image_to_tensor
from training.data.manifest import Row
from training.evaluate.lpips import LEAST_SIDE, load_lpips
from training.measures import outside_boxes
from training.networks import load_network, reading

_CLIP = ("clip",)
_DINO = ("vit", "dinov2", "dinov2_with_registers")
"""DINO is published as a ViT."""
_UNUSED = ("pooler.",)
"""A ViT's pooler: DINO's checkpoints lack it, and nothing here uses it."""
_DESCRIPTION = re.compile(r"\bedited image shows (.+)", re.DOTALL)
_CONTROL = re.compile(r"\s*<\|box_start\|>.*?<\|box_end\|>(?: \(\w+\))?|<\|\w+\|>", re.DOTALL)


class Similarity:
    """The networks, loaded once; a metric whose weights are missing is left out."""

    def __init__(self, clip: Path | None, dino: Path | None, lpips: Path | None, device: str = "cpu") -> None:
        """Loads the networks. Raises ModelError if a folder contains other weights, or not all of them."""
        self.device = torch.device(device)
        self.clip = Clip(clip, self.device) if clip else None
        self.dino = Dino(dino, self.device) if dino else None
        self.lpips = load_lpips(lpips).to(self.device) if lpips else None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the metrics."""
        clip = ("clip_i", "clip_t") if self.clip else ()
        return clip + (("dino",) if self.dino else ()) + (("outside_lpips",) if self.lpips else ())

    @torch.inference_mode()
    def measure(self, row: Row, result: Image.Image) -> dict[str, float | None]:
        """Returns the metrics by name, None if one does not apply to the pair. Without a source, only clip_t does."""
        source, target = row.pictures()
        values: dict[str, float | None] = dict.fromkeys(self.names)
        if self.clip and (words := target_words(row)):
            values["clip_t"] = float(self.clip.texts([words])[0] @ self.clip.images([result])[0])
        if source is None:
            return values
        for name, network in (("clip_i", self.clip), ("dino", self.dino)):
            if network:
                actual, expected = network.images([result, target])
                values[name] = float(actual @ expected)
        if self.lpips:
            boxes = [region.box for region in Chain.parse(row.chain).mask_regions(0)]
            values["outside_lpips"] = self._outside(result, source, outside_boxes(result.size, boxes))
        return values

    def _outside(self, result: Image.Image, source: Image.Image, outside: np.ndarray) -> float | None:
        if not outside.any() or min(result.size) < LEAST_SIDE:
            return None
        where = torch.from_numpy(outside)[None, None].float().to(self.device)
        pictures = (result, source.resize(result.size))
        after, before = (image_to_tensor(picture)[None].to(self.device) * where for picture in pictures)
        assert self.lpips
        return float(self.lpips(after, before, where)[0])


def target_words(row: Row) -> str:
    """Returns the description of a pair's target, "" if there is none. Without a source, that is the instruction."""
    if row.source is None:
        return row.instruction
    match = _DESCRIPTION.search(_CONTROL.sub("", row.chain))
    return match[1].strip() if match else ""


class Clip:
    """Unit-length embeddings in CLIP's joint space."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        self.model = load_network(CLIPModel, folder, _CLIP, "CLIP").to(device)
        self.process = _processor(folder, "CLIP")
        with reading(folder, "CLIP"):
            self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)

    def images(self, pictures: list[Image.Image]) -> Tensor:
        """Returns embeddings (N, d)."""
        pixels = self.process(images=pictures, return_tensors="pt")["pixel_values"].to(self.model.device)
        return F.normalize(self.model.visual_projection(self.model.vision_model(pixel_values=pixels).pooler_output))

    def texts(self, texts: list[str]) -> Tensor:
        """Returns embeddings (N, d). Texts are truncated to CLIP's maximum length."""
        most = self.model.config.text_config.max_position_embeddings
        tokens = self.tokenizer(texts, padding=True, truncation=True, max_length=most, return_tensors="pt")
        ids, mask = (tokens[name].to(self.model.device) for name in ("input_ids", "attention_mask"))
        pooled = self.model.text_model(input_ids=ids, attention_mask=mask).pooler_output
        return F.normalize(self.model.text_projection(pooled))


class Dino:
    """Unit-length class tokens of DINO or DINOv2."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        self.model = load_network(AutoModel, folder, _DINO, "DINO", _UNUSED).to(device)
        self.process = _processor(folder, "DINO")

    def images(self, pictures: list[Image.Image]) -> Tensor:
        """Returns embeddings (N, d)."""
        pixels = self.process(images=pictures, return_tensors="pt")["pixel_values"].to(self.model.device)
        return F.normalize(self.model(pixel_values=pixels).last_hidden_state[:, 0])


def _processor(folder: Path, name: str) -> Any:  # noqa: ANN401
    """Returns a network's image processor, with Pillow's resampling; torchvision's results differ."""
    with reading(folder, name):
        return AutoImageProcessor.from_pretrained(folder, backend="pil", local_files_only=True)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--clip", type=Path, metavar="FOLDER", help="a CLIP model; adds CLIP-I and CLIP-T")
    parser.add_argument("--dino", type=Path, metavar="FOLDER", help="a DINO or DINOv2 model; adds its similarity")
    parser.add_argument("--lpips", type=Path, metavar="PATH", help="LPIPS weights; adds LPIPS outside the boxes")


def from_arguments(args: argparse.Namespace, device: str = "cpu") -> Similarity:
    return Similarity(args.clip, args.dino, args.lpips, device)
