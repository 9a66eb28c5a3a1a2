"""Placement in the picture: nothing changes outside the mask, edits are in place within half a pixel, without a
seam."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from engine.api.errors import RequestError
from engine.api.protocol import Selection
from engine.imaging.composite import SCOPES, edit_layer
from engine.imaging.fit import Fit
from engine.imaging.region import Region

sides = st.integers(16, 160)
corners = st.tuples(st.integers(0, 150), st.integers(0, 150), st.integers(1, 150), st.integers(1, 150))
SEAM = 2.0
"""Permitted step across the mask's border, in levels of 255, beyond the picture's own step."""
HALF = 0.5


def noise(size: tuple[int, int], seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))


def inside(size: tuple[int, int], box: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    left, top = min(box[0], size[0] - 1), min(box[1], size[1] - 1)
    return left, top, min(size[0], left + box[2]), min(size[1], top + box[3])


@settings(max_examples=60)
@given(width=sides, height=sides, boxes=st.lists(corners, max_size=3), scope=st.sampled_from(SCOPES))
def test_outside_the_mask_the_picture_equals_the_source_bit_for_bit(width, height, boxes, scope):
    source, edited = noise((width, height), 0), noise((width, height), 1)
    layer = edit_layer("x", source, edited, [inside(source.size, box) for box in boxes], scope)
    merged, mask = np.asarray(layer.over(source)), np.asarray(layer.mask)
    assert np.array_equal(merged[mask == 0], np.asarray(source)[mask == 0])
    assert np.array_equal(merged[mask == 255], np.asarray(layer.image)[mask == 255])


@settings(max_examples=60)
@given(width=sides, height=sides, box=corners, scope=st.sampled_from(SCOPES), boxes=st.lists(corners, max_size=2))
def test_outside_a_selection_the_picture_equals_the_source_bit_for_bit(width, height, box, scope, boxes):
    source = noise((width, height), 0)
    left, top, right, bottom = inside(source.size, box)
    region = Region.of(source.size, Selection(left, top, right - left, bottom - top))
    part = region.cut(source)
    layer = edit_layer("x", part, noise(part.size, 1), [inside(part.size, box) for box in boxes], scope)
    merged = np.asarray(region.back(layer, source).over(source))
    untouched = np.ones((height, width), bool)
    untouched[top:bottom, left:right] = False
    assert np.array_equal(merged[untouched], np.asarray(source)[untouched])


def test_the_context_is_a_quarter_of_the_selection_and_stays_in_the_picture():
    region = Region.of((400, 300), Selection(100, 50, 200, 90))
    assert region.crop == (50, 0, 350, 190) and region.inside == (100, 50, 300, 140)
    assert Region.of((400, 300), None).crop == (0, 0, 400, 300)
    with pytest.raises(RequestError):
        Region.of((400, 300), Selection(390, 0, 11, 5))


def blob(size: tuple[int, int], x: float, y: float, sigma: float) -> Image.Image:
    """A soft light at (x, y), in pixels; pixel centers are at halves."""
    columns, rows = np.meshgrid(np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5)
    light = 250 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * sigma**2))
    return Image.fromarray(np.repeat(np.rint(light).astype(np.uint8)[..., None], 3, axis=2))


def centre(image: Image.Image) -> tuple[float, float]:
    light = np.asarray(image, float)[..., 0]
    light = np.where(light > 20, light, 0)
    columns, rows = np.meshgrid(np.arange(image.width) + 0.5, np.arange(image.height) + 0.5)
    return (light * columns).sum() / light.sum(), (light * rows).sum() / light.sum()


@settings(max_examples=60)
@given(
    width=st.integers(64, 400),
    height=st.integers(64, 400),
    canvas=st.integers(8, 40).map(lambda eighths: 8 * eighths),
    x=st.floats(0.35, 0.65),
    y=st.floats(0.35, 0.65),
    way=st.sampled_from([Fit.pad, Fit.stretch]),
)
def test_content_stays_in_place_to_the_canvas_and_back(width, height, canvas, x, y, way):
    """A light that is sharp enough to be located is restored within half a pixel of the coarser grid."""
    source = blob((width, height), x * width, y * height, sigma=min(width, height) / 12)
    fit = way(source.size, (canvas, canvas))
    on_canvas = centre(fit.crop(fit.place(source)))  # the rest of the canvas is a reflection
    expected = tuple(at - start for at, start in zip(fit.to_canvas(x, y), fit.offset, strict=True))
    back = centre(fit.restore(fit.place(source)).resize(source.size))
    grain = max(1.0, width / fit.content[0], height / fit.content[1])
    grain_there = max(1.0, fit.content[0] / width, fit.content[1] / height)
    assert max(abs(on_canvas[0] - expected[0]), abs(on_canvas[1] - expected[1])) < HALF * grain_there
    assert max(abs(back[0] - x * width), abs(back[1] - y * height)) < HALF * grain


def textured(size: tuple[int, int]) -> np.ndarray:
    columns, rows = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    waves = 120 + 40 * np.sin(columns / 7) + 30 * np.cos(rows / 11)
    return np.stack([waves, waves * 0.8, waves * 0.6 + 30], -1)


@pytest.mark.parametrize("kind", ["flat", "textured"])
@pytest.mark.parametrize("offset", [-6, 4, 10])
def test_no_seam_is_visible_if_the_model_renders_a_little_lighter(kind, offset):
    """The model's picture differs by a few levels everywhere: after color matching, the border shows no step."""
    size, box = (240, 180), (80, 60, 150, 120)
    truth = np.full((180, 240, 3), (90.0, 140.0, 60.0)) if kind == "flat" else textured(size)
    source = Image.fromarray(np.clip(truth, 0, 255).astype(np.uint8))
    edited = Image.fromarray(np.clip(truth + offset, 0, 255).astype(np.uint8))
    layer = edit_layer("x", source, edited, [box], "boxes")
    merged, plain = np.asarray(layer.over(source), float), np.asarray(source, float)
    for axis in (0, 1):
        step = np.abs(np.diff(merged, axis=axis)) - np.abs(np.diff(plain, axis=axis))
        assert step.max() <= SEAM
    assert np.abs(merged - plain).max() <= SEAM
