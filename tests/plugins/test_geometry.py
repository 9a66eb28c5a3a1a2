"""Boxes on a preview: hits, drags, and the part of the picture in which a selection is edited."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.api.chain import LIMIT, Box, Chain
from plugins.common.geometry import Frame, clipped, dragged, neighborhood

CHAIN = Chain(
    "a cat <|box_start|>(100,100),(900,900)<|box_end|> and the hat <|box_start|>(200,200),(400,400)<|box_end|> (red)"
)


@st.composite
def boxes(draw):
    x1, y1 = draw(st.integers(0, LIMIT - 1)), draw(st.integers(0, LIMIT - 1))
    return Box(x1, y1, draw(st.integers(x1 + 1, LIMIT)), draw(st.integers(y1 + 1, LIMIT)))


way = st.integers(-2 * LIMIT, 2 * LIMIT)
handles = st.sampled_from(["nw", "n", "ne", "e", "se", "s", "sw", "w", "body"])


@given(boxes(), handles, way, way)
def test_a_drag_never_leaves_the_picture(box, handle, dx, dy):
    after = dragged(box, handle, dx, dy)
    assert 0 <= after.x1 < after.x2 <= LIMIT and 0 <= after.y1 < after.y2 <= LIMIT


@given(boxes(), handles, way, way)
def test_a_drag_moves_only_the_sides_of_its_handle(box, handle, dx, dy):
    after = dragged(box, handle, dx, dy)
    if handle == "body":
        assert (after.x2 - after.x1, after.y2 - after.y1) == (box.x2 - box.x1, box.y2 - box.y1)
    else:
        sides = {"w": "x1", "e": "x2", "n": "y1", "s": "y2"}
        assert all(getattr(after, side) == getattr(box, side) for part, side in sides.items() if part not in handle)


def test_the_smallest_box_gets_the_click_and_the_selected_one_its_handles():
    frame = Frame(1000, 1000, 0.5)
    assert frame.hit(150, 150, CHAIN.boxes, None) == (1, "body")
    assert frame.hit(400, 400, CHAIN.boxes, None) == (0, "body")
    assert frame.hit(10, 10, CHAIN.boxes, None) is None
    assert frame.hit(100, 100, CHAIN.boxes, 1) == (1, "nw")
    assert frame.hit(150, 150, CHAIN.boxes, 0) == (0, "body")


def test_of_two_boxes_at_one_place_the_one_that_changes_gets_the_click():
    chain = Chain("a cat <|box_start|>(1,1),(90,90)<|box_end|>; the cat <|box_start|>(1,1),(90,90)<|box_end|> (red)")
    assert Frame(1000, 1000, 1.0).hit(50, 50, chain.boxes, None) == (1, "body")


def test_a_picture_is_fitted_in_the_middle_and_places_go_back_and_forth():
    frame = Frame.fitted(200, 100, 400, 400)
    assert (frame.scale, frame.left, frame.top) == (2.0, 0.0, 100.0)
    assert frame.point(200, 200) == (500, 500)
    assert frame.point(-50, 9999) == (0, LIMIT)
    assert frame.to_screen(Box(0, 0, 500, 500)) == (0.0, 100.0, 202.0, 102.0)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ((400, 400, 200, 100), (350, 350, 300, 200)),
        ((0, 0, 10, 10), (0, 0, 42, 42)),
        ((990, 0, 10, 10), (958, 0, 42, 42)),
    ],
)
def test_the_model_sees_some_of_what_surrounds_a_selection(selection, expected):
    assert neighborhood(selection, 1000, 1000) == expected


def test_a_selection_is_cut_to_the_document():
    assert clipped((-5, -5, 10, 20), 100, 100) == (0, 0, 5, 15)
    assert clipped((200, 0, 10, 10), 100, 100) is None
