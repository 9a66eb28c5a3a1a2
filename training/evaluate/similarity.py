"""How near an edit comes to the picture that was wanted, by networks that learnt to look at photos, where their weights
are given.

clip_i, dino  cosine of the embeddings of result and target: CLIP's joint space; DINO's class token. So MagicBrush
              (arXiv 2306.10012) measures edits that have a true result.
clip_t        cosine of the result and of the words for what the target shows, in CLIP's joint space. There and in
              InstructPix2Pix (arXiv 2211.09800) these are captions; an instruction says what to do, not what is seen.
              So a pair whose chain does not say what its target shows has no clip_t.
outside_lpips LPIPS of result and source outside the boxes: both are grey inside of them, so that no feature sees the
              edit, and each layer's mean is taken over what lies outside.
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
"""What a ViT has over DINO, made up where the checkpoint has none of it: nothing here looks at it."""
_TOLD = re.compile(r"\bedited image shows (.+)", re.DOTALL)
_CONTROL = re.compile(r"\s*<\|box_start\|>.*?<\|box_end\|>(?: \(\w+\))?|<\|\w+\|>", re.DOTALL)


class Similarity:
    """Networks that are loaded once; what has no weights is not measured."""

    def __init__(self, clip: Path | None, dino: Path | None, lpips: Path | None, device: str = "cpu") -> None:
        """Raises ModelError for a folder that holds other weights, or not all of them."""
        self.device = torch.device(device)
        self.clip = Clip(clip, self.device) if clip else None
        self.dino = Dino(dino, self.device) if dino else None
        self.lpips = load_lpips(lpips).to(self.device) if lpips else None

    @property
    def names(self) -> tuple[str, ...]:
        """Of what it measures."""
        clip = ("clip_i", "clip_t") if self.clip else ()
        return clip + (("dino",) if self.dino else ()) + (("outside_lpips",) if self.lpips else ())

    @torch.inference_mode()
    def measure(self, row: Row, result: Image.Image) -> dict[str, float | None]:
        """A value for each name; None where the pair does not allow one: without a source only words can be kept to."""
        source, target = row.pictures()
        measured: dict[str, float | None] = dict.fromkeys(self.names)
        if self.clip and (words := target_words(row)):
            measured["clip_t"] = float(self.clip.texts([words])[0] @ self.clip.images([result])[0])
        if source is None:
            return measured
        for name, network in (("clip_i", self.clip), ("dino", self.dino)):
            if network:
                seen, wanted = network.images([result, target])
                measured[name] = float(seen @ wanted)
        if self.lpips:
            boxes = [region.box for region in Chain.parse(row.chain).mask_regions(0)]
            measured["outside_lpips"] = self._outside(result, source, outside_boxes(result.size, boxes))
        return measured

    def _outside(self, result: Image.Image, source: Image.Image, outside: np.ndarray) -> float | None:
        if not outside.any() or min(result.size) < LEAST_SIDE:
            return None
        where = torch.from_numpy(outside)[None, None].float().to(self.device)
        pictures = (result, source.resize(result.size))
        seen, before = (image_to_tensor(picture)[None].to(self.device) * where for picture in pictures)
        assert self.lpips
        return float(self.lpips(seen, before, where)[0])


def target_words(row: Row) -> str:
    """What a pair's target shows; "" where nothing says so. Without a source the instruction is its caption."""
    if row.source is None:
        return row.instruction
    told = _TOLD.search(_CONTROL.sub("", row.chain))
    return told[1].strip() if told else ""


class Clip:
    """Embeddings of length 1 in CLIP's joint space."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        self.model = load_network(CLIPModel, folder, _CLIP, "CLIP").to(device)
        self.process = _processor(folder, "CLIP")
        with reading(folder, "CLIP"):
            self.tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)

    def images(self, pictures: list[Image.Image]) -> Tensor:
        """(N, d)"""
        pixels = self.process(images=pictures, return_tensors="pt")["pixel_values"].to(self.model.device)
        return F.normalize(self.model.visual_projection(self.model.vision_model(pixel_values=pixels).pooler_output))

    def texts(self, texts: list[str]) -> Tensor:
        """(N, d); a text is cut where CLIP cannot read on."""
        most = self.model.config.text_config.max_position_embeddings
        tokens = self.tokenizer(texts, padding=True, truncation=True, max_length=most, return_tensors="pt")
        ids, mask = (tokens[name].to(self.model.device) for name in ("input_ids", "attention_mask"))
        seen = self.model.text_model(input_ids=ids, attention_mask=mask).pooler_output
        return F.normalize(self.model.text_projection(seen))


class Dino:
    """DINO's or DINOv2's class token, of length 1."""

    def __init__(self, folder: Path, device: torch.device) -> None:
        self.model = load_network(AutoModel, folder, _DINO, "DINO", _UNUSED).to(device)
        self.process = _processor(folder, "DINO")

    def images(self, pictures: list[Image.Image]) -> Tensor:
        """(N, d)"""
        pixels = self.process(images=pictures, return_tensors="pt")["pixel_values"].to(self.model.device)
        return F.normalize(self.model(pixel_values=pixels).last_hidden_state[:, 0])


def _processor(folder: Path, name: str) -> Any:  # noqa: ANN401
    """What brings pictures to a network's size and range, by Pillow: torchvision's would be another picture."""
    with reading(folder, name):
        return AutoImageProcessor.from_pretrained(folder, backend="pil", local_files_only=True)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--clip", type=Path, metavar="FOLDER", help="of a CLIP: CLIP-I and CLIP-T are measured too")
    parser.add_argument("--dino", type=Path, metavar="FOLDER", help="of a DINO or DINOv2: its similarity too")
    parser.add_argument("--lpips", type=Path, metavar="PATH", help="of LPIPS' weights: LPIPS outside the boxes too")


def from_arguments(args: argparse.Namespace, device: str = "cpu") -> Similarity:
    return Similarity(args.clip, args.dino, args.lpips, device)
