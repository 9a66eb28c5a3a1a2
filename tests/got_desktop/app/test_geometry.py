"""Boxes on a canvas: the pure functions, for any picture, view and mouse movement."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.api.chain import LIMIT, Box
from got_desktop.ui import geometry as g

sides = st.integers(16, 12_000)
sizes = st.tuples(sides, sides)
units = st.integers(0, LIMIT)
shifts = st.floats(-20_000, 20_000)
handles = st.one_of(st.none(), st.sampled_from(g.HANDLES))
views = st.builds(g.View, st.floats(g.MIN_SCALE, g.MAX_SCALE), st.floats(-5000, 5000), st.floats(-5000, 5000))
points = st.tuples(st.floats(-5000, 5000), st.floats(-5000, 5000))


@st.composite
def boxes(draw) -> Box:
    x1, x2 = sorted(draw(st.lists(units, min_size=2, max_size=2, unique=True)))
    y1, y2 = sorted(draw(st.lists(units, min_size=2, max_size=2, unique=True)))
    return Box(x1, y1, x2, y2)


def inside(rect: g.Rect, size) -> bool:
    limit = g.Rect(0, 0, *size)
    edges = (rect.left, rect.top, limit.right - rect.right, limit.bottom - rect.bottom)
    return min(edges) >= -1e-6


@given(boxes(), sizes)
def test_a_box_is_the_same_after_converting_to_pixels_and_back(box, size):
    assert g.box_of(g.rect_of(box, size), size) == box


@given(st.tuples(st.integers(240, 4000), st.integers(200, 3000)), sizes, st.integers(2, 8))
def test_pictures_side_by_side_are_whole_equal_in_size_and_apart(canvas, size, count):
    places = g.side_by_side(canvas, size, count)
    assert len(places) == count
    for place in places:
        assert place.width / place.height == pytest.approx(size[0] / size[1])
        assert min(place.left, place.top, canvas[0] - place.right, canvas[1] - place.bottom) >= 0 or (
            place.width < size[0] * g.MIN_SCALE * 1.001  # too many pixels for the smallest scale
        )
    for first, second in itertools.combinations(places, 2):
        assert first.right < second.left or second.right < first.left or abs(first.top - second.top) > first.height


@given(st.tuples(shifts, shifts), st.tuples(shifts, shifts), sizes)
def test_every_rectangle_between_two_points_is_a_box_in_the_picture(start, end, size):
    rect = g.spanned(start, end, size)
    assert inside(rect, size) and min(rect.width, rect.height) >= g.MIN_BOX - 1e-6
    g.box_of(rect, size)  # a Box rejects invalid values


@given(views, points, st.floats(0.01, 100))
def test_zooming_keeps_the_point_under_the_cursor(view, at, factor):
    before, after = view.to_picture(at), view.zoomed(factor, at).to_picture(at)
    assert math.dist(before, after) <= 1e-6 * (1 + math.hypot(*before))


@given(views, points)
def test_the_screen_and_the_picture_are_each_others_inverse(view, at):
    assert math.dist(view.to_screen(view.to_picture(at)), at) < 1e-6
    assert math.dist(view.panned(3, 4).to_screen((0, 0)), view.to_screen((0, 0))) == pytest.approx(5)


@given(st.tuples(sides, sides), sizes)
def test_a_fitted_picture_is_whole_and_centered(canvas, size):
    view = g.fitted(canvas, size)
    rect = view.rect_to_screen(g.Rect(0, 0, *size))
    if view.scale > g.MIN_SCALE:
        assert rect.width <= canvas[0] + 1e-6 and rect.height <= canvas[1] + 1e-6
    assert rect.center == pytest.approx((canvas[0] / 2, canvas[1] / 2))


@given(views, st.tuples(sides, sides), sizes)
def test_the_picture_is_never_out_of_sight(view, canvas, size):
    rect = view.kept_in(canvas, size).rect_to_screen(g.Rect(0, 0, *size))
    wide = min(rect.right, canvas[0]) - max(rect.left, 0)
    high = min(rect.bottom, canvas[1]) - max(rect.top, 0)
    assert wide >= min(rect.width, canvas[0]) / 4 - 1e-6 and high >= min(rect.height, canvas[1]) / 4 - 1e-6


@given(boxes(), sizes, handles, shifts, shifts)
def test_dragging_stays_inside_and_moves_only_the_dragged_edges(box, size, handle, dx, dy):
    before = g.rect_of(box, size)
    after = g.dragged(before, handle, dx, dy, size)
    assert inside(after, size)
    if handle is None:
        assert after.width == pytest.approx(before.width) and after.height == pytest.approx(before.height)
        return
    still = {"w": "right", "e": "left", "n": "bottom", "s": "top"}
    for letter, edge in still.items():
        if letter in handle:
            assert getattr(after, edge) == getattr(before, edge)
    if before.width >= g.MIN_BOX:
        assert after.width >= g.MIN_BOX - 1e-6
    if before.height >= g.MIN_BOX:
        assert after.height >= g.MIN_BOX - 1e-6


@given(boxes(), sizes, handles)
def test_not_dragging_changes_nothing(box, size, handle):
    rect = g.rect_of(box, size)
    small = min(rect.width, rect.height) < g.MIN_BOX
    assert small or g.box_of(g.dragged(rect, handle, 0, 0, size), size) == box


@given(boxes(), sizes, st.sampled_from(g.HANDLES), views)
def test_each_handle_is_found_where_it_is_painted(box, size, handle, view):
    rect = view.rect_to_screen(g.rect_of(box, size))
    result = g.handle_at(g.handle_points(rect)[handle], rect)
    assert result is not None
    if min(rect.width, rect.height) > 2 * g.HANDLE:
        assert result == handle


@given(st.lists(boxes(), min_size=1, max_size=8), sizes, st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_the_smallest_box_under_a_click_gets_it(all_boxes, size, share):
    rects = [g.rect_of(box, size) for box in all_boxes]
    at = (share[0] * size[0], share[1] * size[1])
    index = g.hit(at, rects, margin=0)
    under = [rect for rect in rects if rect.holds(at)]
    assert (index is None) == (not under)
    if index is not None:
        assert rects[index].area == min(rect.area for rect in under)


@given(boxes(), sizes, st.integers(-50, 50), st.integers(-50, 50))
def test_nudging_keeps_the_size_and_moves_one_unit_at_least(box, size, dx, dy):
    after = g.nudged(box, dx, dy, size)
    assert (after.x2 - after.x1, after.y2 - after.y1) == (box.x2 - box.x1, box.y2 - box.y1)
    assert (after.x1 - box.x1) * dx >= 0 and (after.y1 - box.y1) * dy >= 0
    free = box.x1 > 100 and box.x2 < 899
    if dx and free and size[0] >= 1000:
        assert after.x1 != box.x1
    assert g.nudged(box, 0, 0, size) == box


@given(boxes(), sizes, st.integers(-200, 200), st.integers(-200, 200))
def test_resizing_by_keys_keeps_the_upper_left_corner(box, size, dx, dy):
    after = g.grown(box, dx, dy, size)
    assert (after.x1, after.y1) == (box.x1, box.y1)
    assert (after.x2 - box.x2) * dx >= 0 and (after.y2 - box.y2) * dy >= 0


@given(boxes(), boxes(), sizes, handles)
def test_snapping_moves_an_edge_onto_a_line_and_never_far(box, other, size, handle):
    rect, reach = g.rect_of(box, size), 5.0
    lines = g.snap_lines([g.rect_of(other, size)], size)
    after = g.snapped(rect, handle, lines, reach)
    for edge in ("left", "top", "right", "bottom"):
        assert abs(getattr(after, edge) - getattr(rect, edge)) <= reach + 1e-9
    if handle == "e" and after.right != rect.right:
        assert min(abs(after.right - line) for line in lines[0]) < 1e-9
    assert g.snapped(rect, handle, ([], []), reach) == rect
