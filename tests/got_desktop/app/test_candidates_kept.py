"""The candidates that were not taken stay: after undo, with the layer, and with the history entry."""

import pytest
from PIL import Image
from PySide6.QtCore import Qt

from tests.got_desktop.app.conftest import errors, open_picture, settle, wait_for_results


@pytest.fixture
def taken(sea, qtbot):
    """A window in which the second of three candidates was taken."""
    sea.session.preferences.draw_with(candidates=3, seed=7, seed_locked=True, steps=4)
    sea.editor.run_both()
    wait_for_results(sea, qtbot)
    sea.editor.review.choose(1)
    sea.editor.accept()
    qtbot.waitUntil(lambda: bool(sea.session.history.find()))
    return sea


def seeds(window) -> list[int]:
    return [layer.facts["seed"] for layer in window.session.document.state.layers]


def test_undo_shows_all_of_them_again_and_redo_hides_them(taken, qtbot):
    session, undo = taken.session, taken.session.document.undo
    assert seeds(taken) == [8]
    undo.undo()
    wait_for_results(taken, qtbot)
    assert seeds(taken) == [] and [one.seed for one in session.work.results.candidates] == [7, 8, 9]
    undo.redo()
    assert seeds(taken) == [8] and session.work.results is None
    undo.undo()
    wait_for_results(taken, qtbot)
    assert taken.editor.review.index == 1  # the one that was taken
    taken.editor.review.choose(2)
    taken.editor.accept()
    assert seeds(taken) == [9] and len(session.history.find()) == 1


def test_discarding_a_comparison_that_was_brought_back_keeps_them(taken, qtbot):
    session, panel = taken.session, taken.editor.layers
    for _ in range(2):
        panel.list.setFocus()
        qtbot.mouseClick(panel.others, Qt.MouseButton.LeftButton)
        assert taken.focusWidget() is panel.list  # not the next button, which would delete the layer
        wait_for_results(taken, qtbot)
        assert taken.editor.review.index == 1
        session.work.dismiss()
    assert seeds(taken) == [8]
    session.document.undo.undo()
    wait_for_results(taken, qtbot)
    taken.editor.run_apply()  # another run discards them, too
    qtbot.waitUntil(lambda: session.work.results is not None and not session.work.busy)
    session.work.dismiss()
    session.earlier.of_entry(session.history.find()[-1])
    wait_for_results(taken, qtbot)
    assert [one.seed for one in session.work.results.candidates] == [7, 8, 9]
    session.work.dismiss()


def test_a_further_undo_while_they_are_fetched_shows_none(taken, qtbot):
    session, undo = taken.session, taken.session.document.undo
    undo.undo()
    undo.undo()
    qtbot.waitUntil(lambda: not session.work.busy)
    assert session.work.results is None


def test_clearing_the_history_lets_the_engine_delete_them(taken, qtbot):
    session, client = taken.session, taken.session.link.engine().client
    job = session.history.find()[0].job
    session.clear_history()
    qtbot.waitUntil(lambda: next(one for one in client.jobs() if one.id == job).acknowledged)


def test_another_one_takes_the_place_of_the_layer(taken, qtbot, tmp_path):
    session, panel, path = taken.session, taken.editor.layers, tmp_path / "sea.ora"
    session.preferences.draw_with(candidates=1)
    taken.editor.run_both()
    wait_for_results(taken, qtbot)
    taken.editor.accept()
    above = session.document.state.layers[1]
    assert not panel.others.isEnabled()  # it has no others
    session.files.save(path)
    qtbot.waitUntil(lambda: not session.document.busy)
    open_picture(taken, qtbot, path)

    panel.list.setCurrentRow(1)
    assert panel.selected.facts["seed"] == 8 and panel.others.isEnabled()
    qtbot.mouseClick(panel.others, Qt.MouseButton.LeftButton)
    wait_for_results(taken, qtbot)
    taken.editor.review.choose(0)
    taken.editor.accept()
    assert seeds(taken) == [7, above.facts["seed"]] and errors(taken) == []


def test_the_history_brings_them_back(taken, qtbot):
    session = taken.session
    entry = session.history.find()[0]
    session.earlier.of_entry(entry)
    wait_for_results(taken, qtbot)
    assert [one.seed for one in session.work.results.candidates] == [7, 8, 9]
    session.work.dismiss()
    assert seeds(taken) == [8]


def test_they_do_not_go_onto_a_picture_of_another_size(taken, qtbot, tmp_path):
    session, path = taken.session, tmp_path / "small.png"
    entry = session.history.find()[0]
    Image.new("RGB", (100, 80), (200, 100, 50)).save(path)
    settle(taken)
    open_picture(taken, qtbot, path)
    session.earlier.of_entry(entry)
    qtbot.waitUntil(lambda: not session.work.busy)
    assert session.work.results is None
    assert [error.text for error in errors(taken)] == ["These candidates belong to a picture of 128×128 pixels."]


def test_where_the_engine_keeps_them_no_longer_the_user_is_told(taken, qtbot):
    session = taken.session
    session.link.engine().client.acknowledge(session.document.state.layers[0].job)
    session.earlier.others_of_layer(session.document.state.layers[0])
    qtbot.waitUntil(lambda: not session.work.busy)
    assert session.work.results is None and "no longer stored" in taken.message_log[-1].text
    assert seeds(taken) == [8]
