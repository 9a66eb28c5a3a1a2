import numpy as np
import pytest
from PIL import Image

from engine.api.chain import COLORS, Chain
from engine.got.drawing import Drawing
from engine.got.guidance import GuidanceScales
from engine.got.options import RenderOptions

BOXES = Chain.parse(
    "A <|box_start|>(250,500),(500,750)<|box_end|> (red) and <|box_start|>(0,0),(999,999)<|box_end|> (green), "
    "not <|box_start|>(1,1),(5,5)<|box_end|>.<|im_gen_start|>"
)


def drawing(source: Image.Image | None, fit: str = "stretch") -> Drawing:
    return Drawing(RenderOptions(4, "euler", GuidanceScales(), 64, 64, fit=fit), source)


def where(mask: Image.Image, color: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """First and last column and row in that color, of which the mask is black but for this one rectangle."""
    colored = (np.asarray(mask) == color).all(axis=-1)
    assert (np.asarray(mask)[~colored] == 0).all()
    rows, columns = np.flatnonzero(colored.any(axis=1)), np.flatnonzero(colored.any(axis=0))
    assert colored.sum() == (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1)
    return tuple(int(edge) for edge in (columns[0], columns[-1], rows[0], rows[-1]))


def test_each_region_is_a_filled_rectangle_of_its_color_on_its_own_black_canvas():
    masks = drawing(Image.new("RGB", (64, 64))).masks(BOXES.mask_regions(0))
    assert len(masks) == 2
    assert where(masks[0], COLORS["red"]) == (16, 32, 32, 48)
    assert where(masks[1], COLORS["green"]) == (0, 63, 0, 63)


def test_corners_are_cut_to_whole_pixels():
    chain = Chain.parse("<|box_start|>(140,171),(530,437)<|box_end|> (blue)<|im_gen_start|>")
    mask = drawing(None).masks(chain.mask_regions(0))[0]
    assert where(mask, COLORS["blue"]) == (8, 33, 10, 27)  # 8.96, 33.92, 10.94, 27.97


def test_boxes_are_relative_to_the_picture_and_follow_it_into_the_canvas():
    masks = drawing(Image.new("RGB", (200, 100)), fit="pad").masks(BOXES.mask_regions(0))
    assert where(masks[0], COLORS["red"]) == (16, 32, 32, 40)
    assert where(masks[1], COLORS["green"]) == (0, 63, 16, 47)


@pytest.mark.parametrize(
    ("corners", "fit", "place"),
    [
        ("(999,0),(1000,1)", "stretch", (63, 63, 0, 0)),
        ("(0,540),(1000,1000)", "stretch", (0, 63, 34, 63)),
        ("(500,0),(1003,4000)", "stretch", (32, 63, 0, 63)),
        ("(999,999),(1000,1000)", "pad", (63, 63, 47, 47)),
        ("(500,500),(1000,1003)", "pad", (32, 63, 32, 47)),
    ],
)
def test_a_box_that_reaches_the_pictures_edge_ends_with_it(corners, fit, place):
    """On the reference's canvas Pillow cuts it off; where the picture is padded, its edge is inside the canvas."""
    chain = Chain.parse(f"<|box_start|>{corners}<|box_end|> (red)<|im_gen_start|>")
    (mask,) = drawing(Image.new("RGB", (200, 100)), fit=fit).masks(chain.mask_regions(0))
    assert where(mask, COLORS["red"]) == place


def test_without_regions_there_is_one_black_canvas():
    (mask,) = drawing(None).masks([])
    assert mask.size == (64, 64)
    assert not np.asarray(mask).any()


def test_the_first_turn_refers_to_the_source_and_the_next_to_the_last_picture():
    source = Image.new("RGB", (200, 100), (1, 2, 3))
    pictures = drawing(source, fit="pad")
    assert (np.asarray(pictures.reference()) == (1, 2, 3)).all()
    canvas = Image.new("RGB", (64, 64), (50, 60, 70))
    canvas.paste((1, 1, 1), (0, 0, 64, 8))  # a margin, which is no part of the picture
    seen = pictures.add(canvas)
    assert seen.size == (64, 32)
    assert pictures.reference().size == (64, 64)
    assert (np.asarray(pictures.reference()) == (50, 60, 70)).all()
    assert [image.size for image in pictures.images] == [(200, 100)]


def test_text_to_image_refers_to_black():
    assert not np.asarray(drawing(None).reference()).any()


@pytest.mark.parametrize("fit", ["pad", "stretch"])
def test_a_canvas_that_was_drawn_is_the_next_reference_to_the_bit(fit: str):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    pictures = drawing(Image.new("RGB", (200, 100)), fit)
    seen = pictures.add(noise)
    assert (np.asarray(pictures.fit.crop(pictures.reference())) == np.asarray(seen)).all()
