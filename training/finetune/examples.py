"""Encodes pairs for training as token ids, image patches and latents, and caches them on disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.api.chain import Chain
from engine.api.files import beside
from engine.got.drawing import Drawing
from engine.got.files.checkpoint import Components
from engine.got.planners.got import encode_turn
from engine.got.planners.prompts import SourceProcessor, Vocabulary
from engine.got.presets import render_options
from engine.got.renderers.conditioning import PictureEncoder, image_to_tensor, size_ids
from engine.got.renderers.masks import box_masks
from training.data.manifest import Row
from training.finetune.config import FinetuneConfig, parse_bucket

IGNORED = -100


def split(rows: list[Row], share: float) -> tuple[list[Row], list[Row]]:
    """Returns (training pairs, held-out pairs), chosen by the hash of a pair's name.

    Pairs therefore tend to stay on their side when data is added.
    """
    by_hash = sorted(rows, key=lambda row: hashlib.sha256(row.name.encode()).digest())
    count = min(len(rows) - 1, round(share * len(rows))) if share else 0
    count = max(count, 1) if share and len(rows) > 1 else count
    names = {row.name for row in by_hash[:count]}
    return [r for r in rows if r.name not in names], [r for r in rows if r.name in names]


class Encoder:
    """Encodes a pair exactly as the pipeline does at inference: the same prompts, fit, masks and latents."""

    def __init__(self, components: Components, config: FinetuneConfig) -> None:
        self.components, self.guidance = components, config.pictures.guidance
        model = components.config
        side = model.image_size
        self.buckets = [parse_bucket(b) for b in config.pictures.buckets] or [(side, side)]
        self.vocabulary = Vocabulary(components.tokenizer, model.num_query_tokens)
        self.encode = PictureEncoder(components.vae, remembered=0)
        self.process = SourceProcessor(components.image_processor, model.source_size, model.source_frames)

    def bucket(self, size: tuple[int, int]) -> tuple[int, int]:
        """Returns the bucket with the aspect ratio closest to that of a (width, height)."""
        return min(self.buckets, key=lambda b: abs(b[0] / b[1] - size[0] / size[1]))

    @torch.no_grad()
    def __call__(self, row: Row) -> dict[str, Tensor]:
        """Returns the tensors of a pair.

        ids, labels (L,); positions (3, L); queries (queries,), the indices of the query tokens; reference, target and
        spatial, latents (C, h, w), the target scaled as the scheduler expects it; mask (h, w) of the boxes;
        time_ids (6,); and with a source its patches (pixels, grid).
        """
        source, target = row.pictures()
        width, height = self.bucket(target.size)
        task = "edit" if source else "text_to_image"
        drawing = Drawing(render_options(self.components.config, task, width=width, height=height), source)
        masks = box_masks(drawing.fit, Chain.parse(row.chain).mask_regions(0))
        # the target of an edit is fitted to the canvas like its source
        canvas = drawing.fit.place(target.resize(source.size)) if source else _cover(target, (width, height))
        reference, goal, *boxes = self._latents([drawing.reference(), canvas, *masks])
        coverage = torch.stack([image_to_tensor(m).amax(0) > -1 for m in masks]).any(0).float()
        mask = torch.nn.functional.interpolate(coverage[None, None], reference.shape[-2:], mode="area")[0, 0]
        return self._tokens(row, source) | {
            "reference": reference,
            "target": goal * self.components.vae.config["scaling_factor"],
            # zeros are the null guidance, which inference uses for a scale of 0
            "spatial": torch.stack(boxes).mean(0) if self.guidance == "spatial" else torch.zeros_like(reference),
            "mask": (mask > 0).float(),
            "time_ids": size_ids((width, height))[0],
        }

    def _latents(self, images: list[Image.Image]) -> list[Tensor]:
        return list(self.encode(images).float().cpu())

    def _tokens(self, row: Row, source: Image.Image | None) -> dict[str, Tensor]:
        v = self.vocabulary
        prompt = v.encode_prompt(row.instruction, 1 if source else 0, self.process.tokens)
        chain = encode_turn(v, "" if self.guidance == "none" else row.chain)
        ids = [*prompt, *chain, *v.queries, v.im_gen_end, v.end_of_text]
        start = len(prompt) + len(chain)
        labels = [IGNORED] * len(prompt) + chain + [IGNORED] * len(v.queries) + [v.im_gen_end, v.end_of_text]
        tensors = {
            "ids": torch.tensor(ids),
            "labels": torch.tensor(labels),
            "queries": torch.arange(start, start + len(v.queries)),
        }
        image = self.process(source) if source else {}
        positions, _ = self.components.mllm.model.get_rope_index(
            tensors["ids"][None],
            mm_token_type_ids=(tensors["ids"] == v.image_pad).long()[None],
            image_grid_thw=image.get("image_grid_thw"),
        )
        tensors["positions"] = positions[:, 0]
        return tensors | ({"pixels": image["pixel_values"], "grid": image["image_grid_thw"][0]} if image else {})


def _cover(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Returns the picture scaled to fill `size`, cropped to the center."""
    scale = max(size[0] / image.width, size[1] / image.height)
    picture = image.resize((max(size[0], round(image.width * scale)), max(size[1], round(image.height * scale))))
    left, top = (picture.width - size[0]) // 2, (picture.height - size[1]) // 2
    return picture.crop((left, top, left + size[0], top + size[1]))


class Cache:
    """Encoded pairs on disk. A pair is encoded again if its pictures, its texts or the model change."""

    def __init__(self, folder: Path, encoder: Encoder, base: str) -> None:
        self.folder, self.encoder = folder, encoder
        self.salt = json.dumps([base, encoder.guidance, encoder.buckets])
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, row: Row) -> Path:
        digest = hashlib.sha256(f"{self.salt}\0{row.instruction}\0{row.chain}".encode())
        for path in (row.source, row.target):
            digest.update(path.read_bytes() if path else b"none")
        return self.folder / f"{digest.hexdigest()[:32]}.safetensors"

    def fill(self, rows: list[Row], progress: Callable[[int, int], Any], share: tuple[int, int] = (0, 1)) -> list[Path]:
        """Returns the files of all rows, and encodes the missing ones in the share (rank, world) of this process.

        Calls `progress(row number, number of rows)` after each row.
        """
        paths = [self.path(row) for row in rows]
        for number, (row, path) in enumerate(zip(rows, paths, strict=True)):
            if number % share[1] == share[0] and not path.exists():
                with beside(path) as temporary:
                    save_file({k: t.contiguous() for k, t in self.encoder(row).items()}, temporary)
            progress(number + 1, len(paths))
        return paths


def load_example(path: Path) -> dict[str, Tensor]:
    return load_file(path)
