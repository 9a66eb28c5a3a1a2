"""Disturbances of storybook pictures, as they occur in users' own pictures."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image

from training.storybook.drawing import SIZE

Disturb = Callable[[Image.Image, np.random.Generator], Image.Image]


def _jpeg(picture: Image.Image, dice: np.random.Generator) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=int(dice.integers(30, 71)))
    return Image.open(file).convert("RGB")


def _noise(picture: Image.Image, dice: np.random.Generator) -> Image.Image:
    """Adds Gaussian noise with a standard deviation of 6 (of 255)."""
    noisy = np.asarray(picture, np.float32) + dice.normal(0, 6, (picture.height, picture.width, 3))
    return Image.fromarray(noisy.round().clip(0, 255).astype(np.uint8))


def _brightness(picture: Image.Image, dice: np.random.Generator) -> Image.Image:
    """Makes the picture up to 25 % darker or brighter."""
    return Image.fromarray((np.asarray(picture, np.float32) * dice.uniform(0.75, 1.25)).clip(0, 255).astype(np.uint8))


def _rescaled(picture: Image.Image, dice: np.random.Generator) -> Image.Image:
    """Resizes the picture to a side of 64 to 1024 pixels, log-uniformly."""
    side = round(SIZE * 2 ** dice.uniform(-1, 3))
    return picture.resize((side, side), Image.Resampling.LANCZOS)


def _wobbled(picture: Image.Image, dice: np.random.Generator) -> Image.Image:
    """Displaces lines smoothly by up to 2.5 pixels, as in a drawing by hand."""
    knots = dice.uniform(-2.5, 2.5, (2, 7, 7)).astype(np.float32)
    sway = [np.asarray(Image.fromarray(k).resize(picture.size, Image.Resampling.BICUBIC)) for k in knots]
    y, x = np.mgrid[: picture.height, : picture.width]
    rows = (y + sway[0]).round().clip(0, picture.height - 1).astype(int)
    columns = (x + sway[1]).round().clip(0, picture.width - 1).astype(int)
    return Image.fromarray(np.asarray(picture)[rows, columns])


DISTURBANCES: dict[str, Disturb] = {
    "jpeg": _jpeg,
    "noise": _noise,
    "brightness": _brightness,
    "rescaled": _rescaled,
    "wobbled": _wobbled,
}


def disturb(picture: Image.Image, name: str, seed: int) -> Image.Image:
    """Returns the disturbed picture. The same seed gives the same change, so a source and its truth stay comparable."""
    return DISTURBANCES[name](picture, np.random.default_rng(seed))
