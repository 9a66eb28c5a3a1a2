"""Compositing: unedited pixels stay bit-identical, and edits are blended softly over the source."""

import numpy as np
import pytest
from PIL import Image

from engine.imaging.composite import edit_layer, layer_name, match_color, region_mask, spill_mask

SIZE = (200, 160)


def noise(seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8))


def scene() -> Image.Image:
    """A smooth picture, like one from a model."""
    x, y = np.meshgrid(np.linspace(60, 180, SIZE[0]), np.linspace(40, 200, SIZE[1]))
    return Image.fromarray(np.stack([x, y, (x + y) / 2], -1).astype(np.uint8))


def test_the_mask_is_opaque_to_4_px_and_fades_over_a_tenth_of_the_diagonal():
    mask = np.asarray(region_mask((400, 300), [(100, 100, 220, 190)]), int)  # diagonal 150, feather 15
    assert (mask[100:190, 100:220] == 255).all()
    row = mask[145, 220:]  # the first pixel outside is 1 px away
    assert (row[:4] == 255).all()
    assert 0 < row[4] < 255 and 0 < row[4 + 13] < 20 and (row[4 + 15 :] == 0).all()
    assert (np.diff(row) <= 0).all()
    assert 118 <= row[3 + 7] <= 150 and 105 <= row[3 + 8] <= 140  # half way: 4 px + half the feather


def test_a_small_region_is_feathered_by_8_px():
    row = np.asarray(region_mask(SIZE, [(50, 50, 60, 60)]), int)[55, 60:]
    assert row[3] == 255 and 0 < row[4] < 255 and row[10] > 0 and row[12] == 0


def test_the_mask_follows_feather_and_grow():
    row = np.asarray(region_mask((400, 300), [(100, 100, 220, 190)], 0.2, 20.0), int)[145, 220:]  # feather 30
    assert (row[:20] == 255).all() and 0 < row[20] < 255 and row[48] > 0 and (row[50:] == 0).all()
    sharp = np.asarray(region_mask(SIZE, [(50, 50, 60, 60)], 0.0, 0.0))
    assert (sharp[50:60, 50:60] == 255).all() and np.count_nonzero(sharp) == 100


def test_corners_are_round():
    mask = np.asarray(region_mask(SIZE, [(50, 50, 100, 100)]))
    assert mask[99, 108] > 0 and mask[108, 108] < mask[99, 108]


def test_the_mask_does_not_fade_at_the_pictures_border():
    assert (np.asarray(region_mask(SIZE, [(0, 0, *SIZE)])) == 255).all()


def test_the_mask_is_the_union_of_its_regions():
    regions = [(20, 20, 50, 50), (120, 90, 170, 140)]
    one, other = (np.asarray(region_mask(SIZE, [region])) for region in regions)
    assert np.array_equal(np.asarray(region_mask(SIZE, regions)), np.maximum(one, other))


@pytest.mark.parametrize("scope", ["boxes", "spill"])
def test_pixels_outside_the_mask_are_bit_identical(scope):
    source, edited = noise(1), noise(2)
    layer = edit_layer("x", source, edited, [(60, 50, 90, 80)], scope)
    result, untouched = np.asarray(layer.over(source)), np.asarray(layer.mask) == 0
    assert untouched.sum() > 1000
    assert np.array_equal(result[untouched], np.asarray(source)[untouched])
    inside = np.asarray(layer.mask) == 255
    assert np.array_equal(result[inside], np.asarray(layer.image)[inside])
    assert not np.array_equal(result[inside], np.asarray(source)[inside])


@pytest.mark.parametrize(("regions", "scope"), [([], "boxes"), ([], "spill"), ([(60, 50, 90, 80)], "whole")])
def test_a_global_edit_replaces_the_whole_picture(regions, scope):
    source, edited = noise(1), noise(2)
    assert np.array_equal(np.asarray(edit_layer("x", source, edited, regions, scope).over(source)), np.asarray(edited))


def test_color_is_matched_outside_the_edit():
    source = scene()
    shifted = Image.fromarray(np.clip(np.asarray(source) * 0.9 + 14, 0, 255).astype(np.uint8))
    edited = shifted.copy()
    edited.paste((255, 0, 0), (60, 50, 90, 80))
    matched = np.asarray(match_color(edited, source, region_mask(SIZE, [(60, 50, 90, 80)])), int)
    outside = np.asarray(region_mask(SIZE, [(60, 50, 90, 80)])) == 0
    assert np.abs(matched - np.asarray(source, int))[outside].mean() < 1.5
    assert np.abs(np.asarray(edited, int) - np.asarray(source, int))[outside].mean() > 3
    assert matched[65, 75, 0] > 230 and matched[65, 75, 1] < 25  # the edit itself stays red


def test_color_is_not_matched_if_too_few_pixels_are_unmasked():
    edited = noise(3)
    assert match_color(edited, noise(4), Image.new("L", SIZE, 255)) is edited


def test_spill_includes_a_shadow_next_to_the_box_but_no_distant_changes():
    source = scene()
    edited = source.copy()
    edited.paste((200, 30, 30), (60, 50, 90, 80))
    edited.paste((20, 20, 20), (60, 80, 130, 100))  # its shadow, well beyond the mask
    edited.paste((20, 20, 20), (5, 130, 25, 150))  # unrelated
    boxes = edit_layer("x", source, edited, [(60, 50, 90, 80)], "boxes")
    spill = edit_layer("x", source, edited, [(60, 50, 90, 80)], "spill")
    assert boxes.mask.getpixel((120, 90)) == 0 and spill.mask.getpixel((120, 90)) == 255
    assert spill.mask.getpixel((15, 140)) == 0
    assert (np.asarray(spill.mask) >= np.asarray(boxes.mask)).all()


def test_spill_adds_nothing_to_a_mask_of_the_whole_picture():
    mask = Image.new("L", SIZE, 255)
    assert spill_mask(scene(), noise(1), mask) is mask


def test_spill_works_on_pictures_larger_than_its_working_size():
    source = scene().resize((1400, 1120), Image.Resampling.BICUBIC)
    edited = source.copy()
    edited.paste((10, 10, 10), (400, 300, 900, 500))
    mask = edit_layer("x", source, edited, [(400, 300, 500, 500)], "spill").mask
    assert mask.size == source.size
    assert mask.getpixel((850, 400)) == 255 and mask.getpixel((1200, 900)) == 0


@pytest.mark.parametrize(
    ("instruction", "name"),
    [
        ("make it blue", "GoT: make it blue"),
        ("  two\nlines\tand\x00more ", "GoT: two lines and more"),
        ("a" * 60, "GoT: " + "a" * 39 + "…"),
    ],
)
def test_a_layer_is_named_after_the_instruction(instruction, name):
    assert layer_name(instruction) == name
