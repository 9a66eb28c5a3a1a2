import numpy as np
import pytest
from PIL import Image

from engine.api.chain import COLORS, Chain
from engine.got.renderers.masks import box_masks
from engine.imaging.fit import Fit

CANVAS = (64, 64)
SQUARE = Fit.pad(CANVAS, CANVAS)
BOXES = Chain.parse(
    "A <|box_start|>(250,500),(500,750)<|box_end|> (red) and <|box_start|>(0,0),(999,999)<|box_end|> (green), "
    "not <|box_start|>(1,1),(5,5)<|box_end|>.<|im_gen_start|>"
)


def where(mask: Image.Image, color: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """The first and last column and row of this color, after checking that the mask is black outside this rectangle."""
    colored = (np.asarray(mask) == color).all(axis=-1)
    assert (np.asarray(mask)[~colored] == 0).all()
    rows, columns = np.flatnonzero(colored.any(axis=1)), np.flatnonzero(colored.any(axis=0))
    assert colored.sum() == (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1)
    return int(columns[0]), int(columns[-1]), int(rows[0]), int(rows[-1])


def test_each_region_is_a_filled_rectangle_of_its_color_on_its_own_black_canvas():
    masks = box_masks(SQUARE, BOXES.mask_regions(0))
    assert len(masks) == 2
    assert where(masks[0], COLORS["red"]) == (16, 32, 32, 48)
    assert where(masks[1], COLORS["green"]) == (0, 63, 0, 63)


def test_corners_are_truncated_to_whole_pixels():
    chain = Chain.parse("<|box_start|>(140,171),(530,437)<|box_end|> (blue)<|im_gen_start|>")
    mask = box_masks(SQUARE, chain.mask_regions(0))[0]
    assert where(mask, COLORS["blue"]) == (8, 33, 10, 27)  # 8.96, 33.92, 10.94, 27.97


def test_boxes_are_relative_to_the_picture_within_the_canvas():
    masks = box_masks(Fit.pad((200, 100), CANVAS), BOXES.mask_regions(0))
    assert where(masks[0], COLORS["red"]) == (16, 32, 32, 40)
    assert where(masks[1], COLORS["green"]) == (0, 63, 16, 47)


@pytest.mark.parametrize(
    ("corners", "fit", "place"),
    [
        ("(999,0),(1000,1)", Fit.stretch, (63, 63, 0, 0)),
        ("(0,540),(1000,1000)", Fit.stretch, (0, 63, 34, 63)),
        ("(500,0),(1003,4000)", Fit.stretch, (32, 63, 0, 63)),
        ("(999,999),(1000,1000)", Fit.pad, (63, 63, 47, 47)),
        ("(500,500),(1000,1003)", Fit.pad, (32, 63, 32, 47)),
    ],
)
def test_a_box_at_the_pictures_edge_ends_there(corners, fit, place):
    """On the reference's canvas Pillow clips it; for a padded picture, the edge is inside the canvas."""
    chain = Chain.parse(f"<|box_start|>{corners}<|box_end|> (red)<|im_gen_start|>")
    (mask,) = box_masks(fit((200, 100), CANVAS), chain.mask_regions(0))
    assert where(mask, COLORS["red"]) == place


def test_without_regions_there_is_one_black_canvas():
    (mask,) = box_masks(SQUARE, [])
    assert mask.size == (64, 64)
    assert not np.asarray(mask).any()
