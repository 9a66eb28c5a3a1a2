"""Edit regions from the difference of a pair are close to the truth, despite JPEG compression and small shifts."""

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


def paint(image: Image.Image, *boxes: Box, color: str = "#0a8a2a") -> Image.Image:
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
    (box,) = edit_regions(landscape(), paint(landscape(), Box(700, 600, 1000, 1000))) or []
    assert (box.x2, box.y2) == (1000, 1000)


def test_the_box_encloses_the_changed_place():
    (box,) = edit_regions(landscape(), paint(landscape(), BOX)) or []
    assert box.iou(BOX) > 0.85


@pytest.mark.parametrize("quality", [90, 60, 35])
def test_jpeg_noise_does_not_count_as_a_change(quality):
    (box,) = edit_regions(jpeg(landscape(), 95), jpeg(paint(landscape(), BOX), quality)) or []
    assert box.iou(BOX) > 0.75


@pytest.mark.parametrize("quality", [90, 60, 35])
def test_a_picture_saved_again_is_unchanged(quality):
    assert edit_regions(landscape(), jpeg(landscape(), quality)) is None


def test_a_small_shift_of_the_whole_picture_does_not_count_as_a_change():
    wide = landscape((420, 320))
    before = wide.crop((10, 10, 410, 310))
    after = paint(wide, Box(300, 350, 500, 650)).crop((14, 7, 414, 307))
    (box,) = edit_regions(before, after) or []
    where = Box(290, 345, 505, 660)  # in the source's own coordinates
    assert box.iou(where) > 0.7


def test_two_changed_places_give_two_boxes_largest_first():
    small = Box(700, 100, 850, 300)
    first, second = edit_regions(landscape(), paint(landscape(), BOX, small)) or []
    assert first.iou(BOX) > 0.8
    assert second.iou(small) > 0.8


def test_a_change_everywhere_has_no_box():
    assert edit_regions(landscape(), Image.new("RGB", (400, 300), "navy")) == []


def test_a_change_in_a_uniform_picture_gives_its_box():
    plain = Image.new("RGB", (300, 300), "white")
    (box,) = edit_regions(plain, paint(plain, BOX)) or []
    assert box.iou(BOX) > 0.85
