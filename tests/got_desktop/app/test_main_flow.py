"""Open, plan, review, apply, undo, redo, save and reopen, by mouse and keyboard, with a real engine."""

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QTextCursor

from got_desktop.model.layers import composite
from got_desktop.model.results import compare
from got_desktop.ui import geometry
from tests.got_desktop.app.conftest import errors, open_picture, wait_for_plan, wait_for_results

LEFT = Qt.MouseButton.LeftButton


def screen_rect(window, index):
    canvas = window.editor.canvas
    return next(box.rect for box in canvas.shown_boxes() if box.region.id == index)


def point(place) -> QPoint:
    return QPoint(round(place[0]), round(place[1]))


def drag(qtbot, canvas, start: QPoint, end: QPoint) -> None:
    qtbot.mousePress(canvas, LEFT, pos=start)
    for part in (0.3, 0.7, 1.0):
        qtbot.mouseMove(canvas, start + (end - start) * part)
        qtbot.wait(5)
    qtbot.mouseRelease(canvas, LEFT, pos=end)


def pixels(state) -> np.ndarray:
    return np.asarray(composite(state.base.image, state.layers).convert("RGB"))


def test_from_opening_to_opening_again(sea, qtbot, tmp_path):  # noqa: PLR0915 - one flow from start to end
    session, editor, canvas = sea.session, sea.editor, sea.editor.canvas
    drafts = []
    session.work.draft_changed.connect(lambda: drafts.append(len(session.review.plan.text)))
    qtbot.mouseClick(editor.instruction.plan, LEFT)
    wait_for_plan(sea, qtbot)
    assert len([length for length in drafts if length]) > 10  # the plan was streamed
    plan = session.document.state.plan
    edits = [region for region in plan.chain.boxes if region.is_mask]
    assert edits and editor.plan.boxes.list.count() == len(plan.marks)
    index = edits[0].id

    # by mouse: dragging the body moves the box, dragging a handle resizes it; each is one undo entry
    entries = session.document.undo.count()
    before = plan.chain.boxes[index].box
    session.review.select(index)
    start = point(screen_rect(sea, index).center)
    session.preferences.configure(snap=False)
    drag(qtbot, canvas, start, start + QPoint(-24, 12))
    moved = session.review.plan.chain.boxes[index].box
    by = canvas.view.scale * 128 / 1000
    assert abs((moved.x1 - before.x1) + 24 / by) <= 2 and abs((moved.y1 - before.y1) - 12 / by) <= 2
    assert (moved.x2 - moved.x1, moved.y2 - moved.y1) == (before.x2 - before.x1, before.y2 - before.y1)
    corner = point(geometry.handle_points(screen_rect(sea, index))["se"])
    drag(qtbot, canvas, corner, corner + QPoint(-18, -18))
    resized = session.review.plan.chain.boxes[index].box
    assert resized.x1 == moved.x1 and resized.x2 < moved.x2 and resized.y2 < moved.y2
    assert session.document.undo.count() == entries + 2

    # by keyboard: a run of moves is one entry
    canvas.setFocus()
    for _ in range(3):
        qtbot.keyClick(canvas, Qt.Key.Key_Right)
    qtbot.keyClick(canvas, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    nudged = session.review.plan.chain.boxes[index].box
    assert nudged.x1 - resized.x1 == 3 * 8 and nudged.y1 - resized.y1 == 78  # of 1000 on 128 pixels
    assert session.document.undo.count() == entries + 3
    session.review.resize_box(index, before)

    # text: a new phrase keeps the box's mark
    mark = session.review.plan.marks[index]
    cursor = editor.plan.editor.textCursor()
    phrase = session.review.plan.chain.boxes[index].phrase
    at = editor.plan.editor.toPlainText().rindex(phrase)
    cursor.setPosition(at)
    cursor.setPosition(at + len(phrase), QTextCursor.MoveMode.KeepAnchor)
    editor.plan.editor.setTextCursor(cursor)
    editor.plan.editor.setFocus()
    qtbot.keyClicks(editor.plan.editor, "the shiny red car")
    plan = session.review.plan
    assert plan.chain.boxes[index].phrase == "the shiny red car" and plan.marks[index] == mark
    session.document.undo.undo()
    assert session.review.plan.chain.boxes[index].phrase == phrase

    # apply: adds a layer and changes no pixel outside its mask
    source = pixels(session.document.state)
    qtbot.mouseClick(editor.instruction.apply, LEFT)
    wait_for_results(sea, qtbot)
    qtbot.waitUntil(lambda: "%" in editor.review.figure.text())
    change = compare(session.work.results, 0).difference
    assert change is not None and change.changed > change.border > 0 == change.spill  # nothing beyond the soft border
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    state = session.document.state
    assert len(state.layers) == 1 and state.layers[0].name.startswith("GoT: turn the red car")
    outside = np.asarray(state.layers[0].mask) == 0
    assert outside.any() and not outside.all()
    assert np.array_equal(pixels(state)[outside], source[outside])
    assert not np.array_equal(pixels(state), source)
    assert editor.layers.list.count() == 2

    # undo, redo
    sea.actions_.all["undo"].trigger()
    assert session.document.state.layers == () and np.array_equal(pixels(session.document.state), source)
    sea.actions_.all["redo"].trigger()
    assert session.document.state.layers == state.layers

    # save and reopen: nothing changes
    path = tmp_path / "saved.ora"
    session.files.save(path)
    qtbot.waitUntil(lambda: not session.document.modified)
    open_picture(sea, qtbot, tmp_path.parent / tmp_path.name / "saved.ora")
    qtbot.waitUntil(lambda: session.document.state.layers != state.layers)
    again = session.document.state
    assert again.plan == state.plan and [layer.name for layer in again.layers] == [state.layers[0].name]
    assert again.layers[0].facts == state.layers[0].facts and again.layers[0].facts["seed"] == 42
    for actual, expected in zip(again.layers, state.layers, strict=True):
        assert np.array_equal(np.asarray(actual.pixels), np.asarray(expected.pixels))
        assert np.array_equal(np.asarray(actual.mask), np.asarray(expected.mask))
    assert np.array_equal(pixels(again), pixels(state))
    assert errors(sea) == []
