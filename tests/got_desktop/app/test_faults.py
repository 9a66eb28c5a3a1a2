"""Failures: the window reports them and loses nothing, for example after a crash or with a full disk."""

import os
import struct
import zlib

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMessageBox

from engine.api.chain import IM_GEN_START, NO_REGION, Box
from engine.api.runtime import read_runtime
from got_desktop.model.plan import Plan
from got_desktop.model.samples import SAMPLES
from tests.engine.got.lessons import LOST, LOST_TURN, WHOLE
from tests.got_desktop.app.conftest import SEA, answer, dialog, errors, wait_for_plan, wait_for_results

CAR = f"The car <|box_start|>(300,560),(580,840)<|box_end|> (red) becomes purple.{IM_GEN_START}"


def make_plan(window, qtbot) -> None:
    window.editor.run_plan()
    wait_for_plan(window, qtbot)


STAGES = {
    "at once": lambda work: True,
    "while it plans": lambda work: work.draft is not None and len(work.draft.text) > 20,
    "while it draws": lambda work: work.activity.stage == "draw" and work.activity.done >= 2,
}


@pytest.mark.parametrize("stage", STAGES)
def test_cancelling_at_any_stage_changes_nothing(sea, qtbot, stage):
    session, before = sea.session, sea.session.document.state
    sea.editor.run_both()
    qtbot.waitUntil(lambda: session.work.activity is not None and STAGES[stage](session.work))
    qtbot.keyClick(sea, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not session.work.busy)
    assert session.document.state is before and session.work.results is None and session.work.draft is None
    assert errors(sea) == []
    make_plan(sea, qtbot)


@pytest.mark.full
@pytest.mark.parametrize("stage", ["while it plans", "while it draws"])
def test_the_job_continues_after_the_engine_is_killed(sea, qtbot, engine_place, stage):
    session, before = sea.session, sea.session.document.state
    sea.editor.run_both()
    qtbot.waitUntil(lambda: session.work.activity is not None and STAGES[stage](session.work))
    runtime = read_runtime(engine_place.runtime)
    assert runtime is not None
    os.kill(runtime.pid, 9)
    wait_for_results(sea, qtbot)
    assert [m.text for m in sea.message_log if m.kind == "warning"] == ["The engine stopped and was restarted."]
    again = read_runtime(engine_place.runtime)
    assert errors(sea) == [] and again is not None and again.pid != runtime.pid
    assert session.document.state.base is before.base and not session.document.state.plan.empty


def huge_png() -> bytes:
    """The header of a PNG of 60000×60000 pixels."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("text.png", b"no picture", "is not a PNG"),
        ("empty.jpg", b"", "is empty"),
        ("cut.png", SEA.read_bytes()[:2000], "damaged"),
        ("huge.png", huge_png(), "megapixels"),
        ("broken.ora", b"PK nothing", "OpenRaster"),
    ],
)
def test_an_unreadable_file_is_reported_and_the_document_stays(sea, qtbot, tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    before = sea.session.document.state
    sea.files.open(tmp_path / name)
    qtbot.waitUntil(lambda: bool(errors(sea)) and not sea.session.document.busy)
    (error,) = errors(sea)
    assert words in error.text and error.remedy and name in error.text
    assert sea.session.document.state is before and sea.messages.messages == [error]


def test_a_full_disk_is_reported_and_the_old_file_stays(sea, qtbot, tmp_path, monkeypatch):
    def full(path, data):
        raise OSError(28, "No space left on device")

    (tmp_path / "old.png").write_bytes(b"old")
    plan = sea.session.review.plan
    sea.session.review.add_box(plan.chain.boxes[0].box if plan.marks else _box(), "a hat")
    monkeypatch.setattr("engine.imaging.save.write_file", full)
    sea.session.files.save(tmp_path / "old.png")
    qtbot.waitUntil(lambda: bool(errors(sea)))
    assert "No space left" in errors(sea)[0].text and (tmp_path / "old.png").read_bytes() == b"old"
    assert sea.session.document.modified


def _box():
    from engine.api.chain import Box

    return Box(100, 100, 300, 300)


def test_closing_with_unsaved_work_asks(sea, qtbot, tmp_path):
    sea.session.review.add_box(_box(), "a hat")
    sea.close()
    assert "unsaved changes" in dialog(qtbot).text()
    answer(qtbot, "Cancel")
    assert sea.isVisible() and sea.session.document.modified
    sea.session.document.path = tmp_path / "mine.ora"
    sea.close()
    answer(qtbot, "Save")
    qtbot.waitUntil(lambda: not sea.isVisible())
    assert (tmp_path / "mine.ora").stat().st_size > 1000


def test_closing_without_saving_discards_the_work(sea, qtbot, data):
    sea.session.review.add_box(_box(), "a hat")
    sea.close()
    answer(qtbot, "Don't save")
    qtbot.waitUntil(lambda: not sea.isVisible())
    assert list((data / "open").iterdir()) == []


def test_opening_another_picture_with_unsaved_work_asks(sea, qtbot):
    sea.session.review.add_box(_box(), "a hat")
    before = sea.session.document.state
    sea.files.open(SAMPLES / "night.png")
    answer(qtbot, "Cancel")
    assert sea.session.document.state is before
    sea.files.open(SAMPLES / "night.png")
    answer(qtbot, "Don't save")
    qtbot.waitUntil(lambda: sea.session.document.path == SAMPLES / "night.png")


def test_a_plan_without_a_usable_box_can_be_corrected(sea, qtbot, tiny):
    session, panel = sea.session, sea.editor.plan
    session.preferences.draw_with(model=tiny, steps=2)
    session.preferences.instruction = LOST
    before = session.document.state.layers
    sea.editor.run_both()
    qtbot.waitUntil(lambda: bool(errors(sea)) and not session.work.busy)
    assert "No edit box in the plan can be used" in errors(sea)[0].text
    assert session.work.results is None and session.document.state.layers == before
    assert session.review.plan.text == LOST_TURN and "has no area" in panel.faults.text()
    assert "No edit box in the plan can be used" in panel.faults.text()
    assert not sea.editor.instruction.apply.isEnabled()
    session.preferences.draw_with(scope="whole")  # then no box is needed
    assert sea.editor.instruction.apply.isEnabled() and "No edit box" not in panel.faults.text()
    session.preferences.draw_with(scope="boxes")
    session.run_apply()
    qtbot.waitUntil(lambda: len(errors(sea)) == 2 and not session.work.busy)
    assert "No edit box in the chain can be used" in errors(sea)[1].text and session.work.results is None
    session.review.replan(Plan.of(LOST_TURN.replace("(500,160)", "(700,160)")), "")
    assert not panel.faults.isVisible()
    sea.editor.run_apply()
    wait_for_results(sea, qtbot)


def test_a_plan_without_a_region_is_reported_before_it_is_drawn(sea, qtbot, tiny):
    sea.session.preferences.draw_with(model=tiny, steps=2)
    sea.session.preferences.instruction = WHOLE
    sea.session.run_plan()
    wait_for_plan(sea, qtbot)
    assert sea.editor.plan.faults.text() == NO_REGION.text and sea.editor.plan.faults.isVisible()
    sea.session.preferences.draw_with(new_picture=True)
    assert not sea.editor.plan.faults.isVisible()
    sea.session.preferences.draw_with(new_picture=False)
    sea.editor.run_apply()
    wait_for_results(sea, qtbot)


def test_a_box_reaches_the_pictures_edge(sea):
    session = sea.session
    session.review.replan(Plan.of(CAR.replace("(580,840)", "(1003,1000)")), "")
    assert session.review.plan.chain.boxes[0].box == Box(300, 560, 1000, 1000)
    assert "cut off at its edge" in sea.editor.plan.faults.text()
    session.review.resize_box(0, Box(400, 560, 1000, 1000))
    assert "(400,560),(1000,1000)" in session.review.plan.text and not sea.editor.plan.faults.isVisible()


def car_to_purple(window, **drawing: object) -> None:
    window.session.preferences.draw_with(**drawing)
    window.session.review.replan(Plan.of(CAR), "")
    window.editor.run_apply()


def test_undecided_results_are_not_discarded_without_asking(sea, qtbot):
    """Even if the file contains the whole document."""
    session, work = sea.session, sea.session.work
    car_to_purple(sea, steps=40)
    session.document.undo.setClean()
    assert work.busy
    sea.files.open(SAMPLES / "night.png")
    assert "still running" in dialog(qtbot).text()
    answer(qtbot, "Back")
    wait_for_results(sea, qtbot)
    results = work.results
    sea.files.open(SAMPLES / "night.png")
    assert "not accepted" in dialog(qtbot).text() and "history" in dialog(qtbot).informativeText()
    qtbot.keyClick(dialog(qtbot), Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None)
    assert work.results is results and session.document.path == SEA
    sea.session.review.add_box(_box(), "a hat")
    sea.close()
    assert "unsaved changes" in dialog(qtbot).text() and "not accepted" in dialog(qtbot).informativeText()
    answer(qtbot, "Cancel")
    session.document.undo.undo()
    session.preferences.configure(history_kept=0)
    sea.close()
    assert "history" not in dialog(qtbot).informativeText()
    answer(qtbot, "Back")
    assert sea.isVisible() and work.results is results
    sea.close()
    answer(qtbot, "Discard results")
    qtbot.waitUntil(lambda: not sea.isVisible())
    assert sea.findChildren(QMessageBox) == []  # no dialog is left


def test_results_never_end_up_on_a_picture_that_was_opened_meanwhile(sea, qtbot):
    session = sea.session
    car_to_purple(sea, steps=40)
    qtbot.waitUntil(lambda: bool(session.work.job))
    sea.files.open(SAMPLES / "night.png")
    answer(qtbot, "Don't save")
    qtbot.waitUntil(lambda: session.document.path == SAMPLES / "night.png")
    assert not session.work.busy
    car_to_purple(sea, steps=1)  # this job runs after the abandoned one
    wait_for_results(sea, qtbot)
    assert session.work.results.before.base is session.document.state.base
    sea.editor.accept()
    assert len(session.document.state.layers) == 1 and errors(sea) == []


def test_a_result_is_added_to_its_own_picture_after_undo_to_another(sea, qtbot):
    session = sea.session
    car_to_purple(sea, steps=1, new_picture=True, width=192, height=128)
    wait_for_results(sea, qtbot)
    sea.editor.accept()
    session.preferences.draw_with(new_picture=False)
    new = session.document.state.base
    car_to_purple(sea)
    wait_for_results(sea, qtbot)
    while session.document.state.size != (128, 128):
        session.document.undo.undo()
    sea.editor.accept()
    state = session.document.state
    assert state.base is new and [layer.pixels.size for layer in state.layers] == [(192, 128)]
    session.document.undo.undo()
    assert session.document.state.size == (128, 128) and errors(sea) == []


def test_plan_and_apply_asks_before_it_overwrites_the_users_boxes(sea, qtbot):
    session = sea.session
    session.preferences.draw_with(steps=2)
    session.review.add_box(_box(), "a hat")
    sea.editor.run_both()
    answer(qtbot, "Cancel")
    assert not session.work.busy and session.review.plan.has_user_work
    sea.editor.run_both()
    answer(qtbot, "Keep my boxes")
    qtbot.waitUntil(lambda: session.work.results is not None)
    assert "a hat" in session.work.results.plan.text and len(session.review.plan.marks) > 1


def test_planning_again_asks_before_it_overwrites_the_users_boxes(sea, qtbot):
    session = sea.session
    session.review.add_box(_box(), "a hat")
    sea.editor.run_plan()
    answer(qtbot, "Cancel")
    assert not session.work.busy and session.review.plan.has_user_work
    sea.editor.run_plan()
    answer(qtbot, "Keep my boxes")
    wait_for_plan(sea, qtbot)
    plan = session.review.plan
    user_regions = [region for region, mark in zip(plan.chain.boxes, plan.marks, strict=True) if mark.by_user]
    assert [(region.box, region.phrase) for region in user_regions] == [(_box(), "a hat")] and len(plan.marks) > 1


def test_a_broken_box_is_reported_before_it_is_applied(sea, qtbot):
    session = sea.session
    session.review.add_box(_box(), "a hat")
    text = session.review.plan.text.replace("(300,300)", "(300,3x0)")
    session.review.replan(session.review.plan.with_text(text), "")
    assert "3x0" in sea.editor.plan.faults.text() and sea.editor.plan.faults.isVisibleTo(sea)
    assert not sea.editor.instruction.apply.isEnabled()  # its only box is lost
    session.review.add_box(Box(500, 500, 800, 800), "a car")
    sea.editor.canvas.setFocus()
    sea.editor.run_apply()
    assert "3x0" in dialog(qtbot).informativeText()
    answer(qtbot, "Show problem")
    assert "3x0" in sea.editor.plan.editor.textCursor().selectedText() and not session.work.busy


def test_a_seed_too_large_or_an_empty_instruction_never_reaches_the_engine(sea, qtbot):
    sea.session.preferences.instruction = "   "
    sea.session.preferences.changed.emit()
    assert not sea.editor.instruction.plan.isEnabled() and not sea.actions_.all["plan"].isEnabled()
    sea.editor.run_plan()
    assert not sea.session.work.busy
