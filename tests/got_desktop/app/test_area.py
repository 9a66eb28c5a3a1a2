"""The area to edit and the edit's mask, by mouse and keyboard, with a real engine."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt

from engine.api.chain import LIMIT, Box
from engine.api.protocol import Selection
from got_desktop.model.plan import Plan
from got_desktop.ui import geometry as g
from tests.got_desktop.app.conftest import errors, open_picture, wait_for_plan, wait_for_results
from tests.got_desktop.app.test_main_flow import drag, pixels
from tests.got_desktop.app.test_more_flows import TWO

SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier

sizes = st.tuples(st.integers(8, 5000), st.integers(8, 5000))
points = st.tuples(st.floats(-9000, 9000), st.floats(-9000, 9000))


def inside(area: Selection, size: tuple[int, int]) -> bool:
    return area.x + area.width <= size[0] and area.y + area.height <= size[1]


@given(points, points, sizes)
def test_an_area_is_inside_the_picture_and_has_a_minimum_size(start, end, size):
    area = g.area_between(start, end, size)
    assert inside(area, size) and min(area.width, area.height) >= 8
    assert g.area_of(g.rect_of_area(area)) == area


@given(points, points, sizes, st.integers(-99, 99), st.integers(-99, 99), st.booleans())
def test_a_moved_area_stays_in_the_picture(start, end, size, dx, dy, resize):
    area = g.area_between(start, end, size)
    moved = g.area_moved(area, dx, dy, resize, size)
    assert inside(moved, size) and min(moved.width, moved.height) >= 8
    assert ((moved.x, moved.y) == (area.x, area.y)) if resize else (moved.width == area.width)


units = st.integers(0, LIMIT - 1)


@given(units, units, st.integers(20, 400), st.integers(20, 400))
def test_boxes_keep_their_place_when_the_model_sees_another_part(x, y, left, top):
    box = Box(x, y, min(LIMIT, x + 40), min(LIMIT, y + 40))
    plan = Plan().added(box, "a boat", 0)
    frame = (left, top, left + 300, top + 250)
    again = plan.reframed(frame, (0, 0, 800, 700)).reframed((0, 0, 800, 700), frame)
    result = again.chain.boxes[0].box
    assert max(abs(a - b) for a, b in zip(_edges(result), _edges(box), strict=True)) <= 3 and again.marks == plan.marks
    assert plan.reframed(frame, frame).text == plan.text


def _edges(box: Box) -> tuple[int, int, int, int]:
    return box.x1, box.y1, box.x2, box.y2


def test_only_the_chosen_area_is_edited(sea, qtbot, tmp_path):
    session, editor, canvas = sea.session, sea.editor, sea.editor.canvas
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_S)
    assert canvas.tool == "select" and editor.bar.area.isChecked()
    start, end = (canvas.view.to_screen(at) for at in ((20, 56), (90, 120)))
    drag(qtbot, canvas, QPoint(round(start[0]), round(start[1])), QPoint(round(end[0]), round(end[1])))
    area = session.document.state.selection
    assert area is not None and abs(area.x - 20) <= 1 and abs(area.width - 70) <= 2 and canvas.tool == "point"
    assert session.review.frame == (0, area.y - 32, area.x + area.width + 32, 128) and editor.bar.whole.isVisible()
    editor.run_plan()
    wait_for_plan(sea, qtbot)
    session.preferences.draw_with(scope="whole", steps=3)
    shown_box = canvas.shown_boxes()[0]
    on_screen = canvas.box_view.rect_to_screen(g.rect_of(shown_box.region.box, canvas.frame_size))
    assert shown_box.rect == on_screen and not canvas.grab().isNull()
    editor.run_apply()
    wait_for_results(sea, qtbot)
    before = pixels(session.document.state)
    editor.accept()
    after, unchanged = pixels(session.document.state), np.ones(before.shape[:2], bool)
    unchanged[area.y : area.y + area.height, area.x : area.x + area.width] = False
    assert np.array_equal(before[unchanged], after[unchanged]) and not np.array_equal(before, after)
    assert session.document.state.layers[0].facts["selection"]["x"] == area.x
    saved_state = session.document.state
    session.files.save(tmp_path / "area.ora")
    qtbot.waitUntil(lambda: not session.document.modified)
    open_picture(sea, qtbot, tmp_path / "area.ora")
    assert session.document.state.selection == area and session.review.plan.text == saved_state.plan.text
    session.review.choose_area(None)
    session.document.undo.undo()
    assert session.document.state.selection == area and errors(sea) == []


def test_the_area_by_keyboard(sea, qtbot):
    session, canvas = sea.session, sea.editor.canvas
    session.review.replan(Plan.of(TWO).until(0), "")
    text, entries = session.review.plan.text, session.document.undo.count()
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_S)
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert session.document.state.selection == Selection(48, 48, 32, 32)
    for key, modifier in ((Qt.Key.Key_Right, SHIFT), (Qt.Key.Key_Up, SHIFT), (Qt.Key.Key_Down, CONTROL)):
        qtbot.keyClick(canvas, key, modifier)
    assert session.document.state.selection == Selection(58, 38, 32, 33)
    assert session.document.undo.count() == entries + 2  # the arrow keys are one entry
    qtbot.keyClick(canvas, Qt.Key.Key_Delete)
    assert session.document.state.selection is None and canvas.tool == "point"
    assert session.review.plan.text == text  # boxes stay where they are
    qtbot.keyClick(canvas, Qt.Key.Key_S)
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.tool == "point"


def test_boxes_keep_their_place_when_another_area_is_chosen(sea, qtbot):
    session, editor = sea.session, sea.editor
    session.review.replan(Plan.of(TWO).until(0), "")
    session.preferences.draw_with(steps=2, feather=0.0, grow=0.0)
    left, top, right, bottom = session.review.plan.chain.boxes[0].box.pixels(*session.document.state.size)
    session.review.choose_area(Selection(40, 60, 60, 60))
    frame = session.document.state.seen
    size = f"{frame[2] - frame[0]}×{frame[3] - frame[1]}"
    assert size != "128×128"
    qtbot.waitUntil(lambda: f"pasted at {size}" in editor.instruction.size_note.text())
    editor.run_apply()
    wait_for_results(sea, qtbot)
    y, x = np.nonzero(np.asarray(session.work.results.candidates[0].layers[0].mask))
    assert abs(x.min() - max(left, 40)) <= 1 and abs(x.max() - right) <= 1
    assert abs(y.min() - top) <= 1 and abs(y.max() - bottom) <= 1


def test_feather_and_grow_shape_the_mask(sea, qtbot):
    session, editor, panel = sea.session, sea.editor, sea.editor.instruction.drawing
    session.review.replan(Plan.of(TWO).until(0), "")
    session.preferences.draw_with(steps=2)
    panel.fields["feather"].slider.setValue(0)
    panel.fields["grow"].spin.setValue(0)
    drawing = session.preferences.drawing
    assert (drawing.feather, drawing.grow) == (0.0, 0.0) and panel.fields["grow"].slider.value() == 0
    editor.run_apply()
    wait_for_results(sea, qtbot)
    mask = np.asarray(session.work.results.candidates[0].layers[0].mask)
    left, top, right, bottom = session.review.plan.chain.boxes[0].box.pixels(*session.document.state.size)
    expected = np.zeros_like(mask)
    expected[top : bottom + 1, left : right + 1] = 255
    assert np.array_equal(mask, expected)
    session.preferences.draw_with(scope="whole")
    assert not panel.fields["feather"].isVisibleTo(panel)
