"""The plan on the picture: boxes in their places, distinguished by their lines, readable at every size."""

import numpy as np
import pytest
from PIL import Image

from engine.api.chain import Chain
from engine.imaging import overlay
from engine.imaging.overlay import RED, Mark, draw_plan, font, marks_of_turn, readable_scale, shortened, stacked
from engine.imaging.sheet import comparison_sheet, wrapped

GREY = (128, 128, 128)


def red(image: Image.Image) -> np.ndarray:
    return np.abs(np.asarray(image, int) - np.array(RED)).max(axis=2) < 30


def plan(is_edit: bool = True, rectangle=(40, 40, 90, 100), size=(128, 128)) -> Image.Image:
    return draw_plan(Image.new("RGB", size, GREY), [Mark(1, rectangle, "the boat", is_edit)], legend=False)


@pytest.mark.parametrize(
    ("size", "scale"), [((128, 128), 5), ((320, 100), 2), ((640, 640), 1), ((2000, 900), 1), ((4096, 100), 0.5)]
)
def test_small_pictures_are_enlarged_by_whole_numbers_and_large_ones_scaled_down(size, scale):
    assert readable_scale(size) == scale
    assert draw_plan(Image.new("RGB", size), [], legend=False).size == (size[0] * scale, size[1] * scale)


def test_an_edit_region_has_a_solid_line_along_the_box():
    pixels = red(plan())  # enlarged 5 times
    for line in (pixels[225:480, 200], pixels[210:480, 450], pixels[200, 230:440], pixels[500, 210:440]):
        assert line.all()
    assert not pixels[260:440, 260:390].any() and not pixels[:150].any() and not pixels[540:].any()


def test_an_object_that_was_reasoned_about_has_a_dashed_line_in_the_same_place():
    solid, dashed = red(plan()), red(plan(is_edit=False))
    for line in (dashed[230:480, 450], dashed[500, 210:440]):
        assert 0.3 < line.mean() < 0.8
    assert not (dashed & ~solid)[260:, 260:].any()  # apart from the badge, dashes are on the line


def test_the_badge_shows_the_number_and_stays_in_the_picture():
    one, two = (
        plan(rectangle=(0, 0, 60, 60)),
        draw_plan(Image.new("RGB", (128, 128), GREY), [Mark(2, (0, 0, 60, 60), "x", True)], legend=False),
    )
    difference = np.abs(np.asarray(one, int) - np.asarray(two, int)).max(axis=2) > 60
    rows, columns = np.where(difference)
    assert difference.any() and rows.max() < 40 and columns.max() < 40


def test_a_box_at_the_border_is_drawn_inside_it():
    pixels = red(plan(rectangle=(0, 0, 128, 128)))
    assert pixels[5:, 3].sum() > 500 and pixels[3, 5:].sum() > 500 and pixels[-4].sum() > 500


def test_scaling_only_the_drawn_areas_looks_the_same(monkeypatch):
    marks = [Mark(n + 1, (9 * n, 5 * n, 128 - 7 * n, 128 - 11 * n), "x", n % 2 == 0) for n in range(6)]
    parts = draw_plan(Image.new("RGB", (128, 128), GREY), marks)
    size = (plan().width, plan().height)
    monkeypatch.setattr(overlay, "_scaled_down", lambda shapes, _: shapes.resize(size, Image.Resampling.BOX))
    whole = draw_plan(Image.new("RGB", (128, 128), GREY), marks)
    assert np.abs(np.asarray(parts, int) - np.asarray(whole, int)).max() <= 1  # rounding


def test_the_legend_names_each_box_below_the_picture():
    bare = plan()
    marks = [Mark(1, (40, 40, 90, 100), "the boat", True), Mark(2, (0, 0, 20, 20), "a sun", False)]
    whole = draw_plan(Image.new("RGB", (128, 128), GREY), marks)
    assert whole.width == bare.width and whole.height > bare.height + 60
    strip = np.asarray(whole.crop((0, bare.height, whole.width, whole.height)), int)
    assert red(Image.fromarray(strip.astype(np.uint8))).any() and (strip.max(axis=2) < 80).any()
    empty = draw_plan(Image.new("RGB", (128, 128), GREY), [])
    assert empty.height > 640  # it says that there are none


def test_marks_are_the_regions_of_one_turn_in_pixels():
    chain = Chain.parse(
        "A sun <|box_start|>(0,0),(250,500)<|box_end|>. The boat <|box_start|>(100,200),(999,999)<|box_end|> (red)."
        "<|im_gen_start|>Then <|box_start|>(500,500),(600,600)<|box_end|> (red).<|im_gen_start|>"
    )
    first, second = marks_of_turn(chain, 0, (200, 100)), marks_of_turn(chain, 1, (200, 100))
    assert [(m.number, m.rectangle, m.is_edit) for m in first] == [
        (1, (0, 0, 51, 51), False),
        (2, (20, 20, 200, 100), True),
    ]
    assert first[1].label == "The boat" and len(second) == 1 and second[0].number == 1


def test_stacked_pictures_do_not_overlap():
    whole = stacked([Image.new("RGB", (30, 20), "red"), Image.new("RGB", (50, 10), "blue")])
    assert whole.size == (50, 30)
    assert whole.getpixel((5, 19)) == (255, 0, 0) and whole.getpixel((5, 20)) == (0, 0, 255)


def test_a_sheet_holds_its_pictures_in_a_row():
    colors = ["red", "green", "blue"]
    sheet = comparison_sheet(
        [(name, Image.new("RGB", (128, 96), name)) for name in colors],
        "make it " + "very " * 60 + "blue",
        "word " * 200,
    )
    middle = 36 + 58 + 180
    places = [36 + 240 + index * (480 + 28) for index in range(3)]
    assert [sheet.getpixel((x, middle)) for x in places] == [(255, 0, 0), (0, 128, 0), (0, 0, 255)]


def test_text_is_shortened_and_wrapped_to_its_width():
    face = font(20)
    assert shortened("short", face, 500) == "short"
    short = shortened("a very long phrase indeed", face, 100)
    assert short.endswith("…") and face.getlength(short) <= 100
    lines = wrapped("one two three\nfour " + "x" * 200, face, 120)
    assert all(face.getlength(line) <= 120 for line in lines)
    assert lines[0].startswith("one") and any(line.startswith("four") for line in lines)
