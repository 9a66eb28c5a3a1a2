"""Training data for the UNet: storybook examples as latents, encoded once and cached on disk as float16."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from engine.api.chain import COLORS as MASK_COLORS
from engine.api.chain import Box
from training.precision import autocast
from training.scratch.anchors import words
from training.scratch.loop import atomic_save
from training.scratch.vae_phase import channels_last, encode, to_tensor
from training.storybook.drawing import SIZE
from training.storybook.edits import Example, sample

LATENT = SIZE // 4
_TEXT_TO_IMAGE_EVERY = 8
_JITTER = 1.2  # standard deviation, in pixels, of the noise on the old object's box: planned boxes are not exact
_BLACK = np.zeros((SIZE, SIZE, 3), np.uint8)


def canvas(box: tuple[float, float, float, float], color: str) -> np.ndarray:
    """Returns a filled rectangle on black, uint8 (SIZE, SIZE, 3).

    As in the pipeline, coordinates are truncated to pixels and the last row and column are part of the rectangle.
    """
    x1, y1, x2, y2 = (int(min(max(v, 0), SIZE - 1)) for v in box)
    picture = _BLACK.copy()
    picture[y1 : y2 + 1, x1 : x2 + 1] = MASK_COLORS[color]
    return picture


def _pixels(box: Box) -> tuple[float, float, float, float]:
    return box.x1 * SIZE / 1000, box.y1 * SIZE / 1000, box.x2 * SIZE / 1000, box.y2 * SIZE / 1000


def _places(example: Example) -> list[tuple[float, float, float, float]]:
    """Returns the regions' boxes in pixels. In three of five examples, the old object's box is slightly misplaced."""
    r = random.Random(f"places/{example.seed}/{example.task}")
    step = example.steps[0]
    places = []
    for box, _ in step.regions:
        jitter = step.old is not None and box == step.old.box and r.random() < 0.6
        x1, y1, x2, y2 = (v + (r.gauss(0, _JITTER) if jitter else 0) for v in _pixels(box))
        places.append((x1, y1, x2, y2))
    return places


def _weights(example: Example) -> Tensor:
    """Returns (LATENT, LATENT): 1 where the edit changes the picture (everywhere for backgrounds and text-to-image)."""
    step = example.steps[0]
    if not step.regions or example.source is None:
        return torch.ones(LATENT, LATENT)
    mask = torch.zeros(LATENT, LATENT)
    for box, _ in step.regions:
        x1, y1, x2, y2 = (v / 4 for v in _pixels(box))
        mask[int(y1) : int(np.ceil(y2)), int(x1) : int(np.ceil(x2))] = 1
    return mask


def encode_examples(vae: AutoencoderKL, examples: list[Example]) -> dict[str, Tensor]:
    """Returns a row for each example: source, target and spatial latents (N, 4, LATENT, LATENT) in float16, mask of
    the change (N, LATENT, LATENT), anchors (N, SLOTS), and edit (N,), whether there is a source."""
    pictures: list[np.ndarray] = []
    for e in examples:
        pictures += [e.source.render() if e.source else _BLACK, e.steps[0].target.render()]
        pictures += [canvas(p, c) for p, (_, c) in zip(_places(e), e.steps[0].regions, strict=True)] or [_BLACK]
    channels_last(vae)  # four times as fast on a CPU, with bfloat16
    pixels = to_tensor(np.stack(pictures)).contiguous(memory_format=torch.channels_last)
    with autocast("cpu"):
        latents = iter(encode(vae, pixels))
    rows: dict[str, list[Tensor]] = {k: [] for k in ("source", "target", "spatial", "mask", "anchors", "edit")}
    for e in examples:
        rows["source"].append(next(latents).half())
        rows["target"].append(next(latents).half())
        rows["spatial"].append(torch.stack([next(latents) for _ in e.steps[0].regions or (None,)]).mean(0).half())
        rows["mask"].append(_weights(e).bool())
        rows["anchors"].append(torch.tensor(words(e.source, e.steps[0]), dtype=torch.int16))
        rows["edit"].append(torch.tensor(e.source is not None))
    return {k: torch.stack(v) for k, v in rows.items()}


def shard(vae: AutoencoderKL, folder: Path, number: int, size: int) -> dict[str, Tensor]:
    """Returns a shard of the training set by its number, and caches it on disk."""
    path = folder / f"shard-{number:03d}.pt"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        parts = [encode_examples(vae, chunk) for chunk in _chunks(number * size, size)]
        atomic_save({k: torch.cat([p[k] for p in parts]) for k in parts[0]}, path)
    return torch.load(path, weights_only=True)


def example_of(row: int) -> Example:
    """Returns the example whose latents are in row `row`, counted over all shards."""
    return sample(6 * 10**9 + row, "text_to_image" if row % _TEXT_TO_IMAGE_EVERY == 0 else None)


def _chunks(first: int, count: int, chunk: int = 100) -> Iterator[list[Example]]:
    for start in range(first, first + count, chunk):
        yield [example_of(row) for row in range(start, min(start + chunk, first + count))]
