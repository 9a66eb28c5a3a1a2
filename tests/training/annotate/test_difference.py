"""Edit regions from a pair's difference: near the truth, whatever JPEG and a small shift do to the pictures."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from engine.api.chain import Box
from training.annotate.difference import edit_regions


def landscape(size: tuple[int, int] = (400, 300)) -> Image.Image:
    rng = np.random.default_rng(0)
    return Image.fromarray(rng.integers(0, 255, (15, 20, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)


def painted(image: Image.Image, *boxes: Box, color: str = "#0a8a2a") -> Image.Image:
    out = image.copy()
    for box in boxes:
        out.paste(color, box.pixels(*image.size))
    return out


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


BOX = Box(200, 300, 450, 700)


def test_a_change_at_the_pictures_edge_reaches_it():
    (found,) = edit_regions(landscape(), painted(landscape(), Box(700, 600, 1000, 1000))) or []
    assert (found.x2, found.y2) == (1000, 1000)


def test_the_changed_place_is_found():
    (found,) = edit_regions(landscape(), painted(landscape(), BOX)) or []
    assert found.iou(BOX) > 0.85


@pytest.mark.parametrize("quality", [90, 60, 35])
def test_jpeg_noise_is_no_change(quality):
    (found,) = edit_regions(jpeg(landscape(), 95), jpeg(painted(landscape(), BOX), quality)) or []
    assert found.iou(BOX) > 0.75


@pytest.mark.parametrize("quality", [90, 60, 35])
def test_a_picture_saved_again_is_unchanged(quality):
    assert edit_regions(landscape(), jpeg(landscape(), quality)) is None


def test_a_small_shift_of_the_whole_picture_is_no_change():
    wide = landscape((420, 320))
    before = wide.crop((10, 10, 410, 310))
    after = painted(wide, Box(300, 350, 500, 650)).crop((14, 7, 414, 307))
    (found,) = edit_regions(before, after) or []
    where = Box(290, 345, 505, 660)  # in the source's own coordinates
    assert found.iou(where) > 0.7


def test_two_places_are_two_boxes_largest_first():
    small = Box(700, 100, 850, 300)
    first, second = edit_regions(landscape(), painted(landscape(), BOX, small)) or []
    assert first.iou(BOX) > 0.8
    assert second.iou(small) > 0.8


def test_a_change_everywhere_has_no_box():
    assert edit_regions(landscape(), Image.new("RGB", (400, 300), "navy")) == []


def test_a_uniform_picture_is_compared_too():
    plain = Image.new("RGB", (300, 300), "white")
    (found,) = edit_regions(plain, painted(plain, BOX)) or []
    assert found.iou(BOX) > 0.85
