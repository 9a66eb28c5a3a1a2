"""A plan belongs to the instruction that it answers: nothing is labelled with words that it did not come from."""

import json
import sqlite3

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

from engine.api.chain import Box
from engine.api.origin import Origin
from got_desktop.model import kept_pairs
from got_desktop.model.history import History
from got_desktop.model.plan import Plan
from tests.got_desktop.app.conftest import answer, dialog, open_picture, wait_for_plan, wait_for_results

CAR, FISH = "turn the red car purple", "make the fish blue"


@pytest.fixture
def planned(sea, qtbot):
    """A window with a plan for the car."""
    sea.editor.run_plan()
    wait_for_plan(sea, qtbot)
    return sea


def write(window, words: str) -> None:
    window.editor.instruction.words.setPlainText(words)


def is_primary(button) -> bool:
    return button.property("role") == "primary"


def closed(window, qtbot) -> None:
    qtbot.waitUntil(lambda: not [box for box in window.findChildren(QMessageBox) if box.isVisible()])


def test_a_plan_knows_what_it_answers_and_for_which_picture(planned):
    origin = planned.session.document.state.plan.origin
    assert (origin.task, origin.instruction, origin.model, len(origin.image)) == ("edit", CAR, "got-mini", 64)


def test_with_other_words_planning_is_next_and_apply_asks(planned, qtbot):
    panel, plan_panel = planned.editor.instruction, planned.editor.plan
    assert is_primary(panel.apply) and not is_primary(panel.plan) and not plan_panel.origin.isVisible()
    write(planned, FISH)
    assert is_primary(panel.plan) and not is_primary(panel.apply)
    assert plan_panel.origin.isVisible() and CAR in plan_panel.answers.text()
    planned.editor.run_apply()
    box = dialog(qtbot)
    assert CAR in box.text() and FISH in box.informativeText()
    assert not planned.session.work.busy
    answer(qtbot, "Cancel")
    assert not planned.session.work.busy

    write(planned, f"  {CAR} ")
    assert is_primary(panel.apply) and not plan_panel.origin.isVisible()


def test_the_old_plan_is_drawn_and_stored_with_its_own_words(planned, qtbot):
    session = planned.session
    session.preferences.configure(keep_pairs=True)
    write(planned, FISH)
    planned.editor.run_apply()
    answer(qtbot, "Draw this plan")
    wait_for_results(planned, qtbot)
    assert session.work.results.result.instruction == CAR
    planned.editor.accept()
    layer = session.document.state.layers[-1]
    assert layer.name == f"GoT: {CAR}" and layer.facts["instruction"] == CAR
    assert layer.facts["origin"]["image"] == session.document.state.plan.origin.image
    qtbot.waitUntil(lambda: bool(session.history.find()))
    entry = session.history.find()[0]
    assert entry.instruction == CAR and entry.origin == session.document.state.plan.origin
    pairs = kept_pairs.folder_of(session.folder) / kept_pairs.ROWS
    qtbot.waitUntil(pairs.exists)
    row = json.loads(pairs.read_text().splitlines()[-1])
    assert row["instruction"] == CAR and row["origin"]["instruction"] == CAR


def test_planning_again_makes_a_plan_for_the_new_words(planned, qtbot):
    write(planned, FISH)
    planned.editor.run_apply()
    answer(qtbot, "Plan again")
    qtbot.waitUntil(lambda: planned.session.document.state.plan.origin.instruction == FISH)
    assert is_primary(planned.editor.instruction.apply)


def test_its_words_can_be_put_back_into_the_field(planned, qtbot):
    write(planned, FISH)
    qtbot.mouseClick(planned.editor.plan.use_words, Qt.MouseButton.LeftButton)
    assert planned.editor.instruction.words.toPlainText() == CAR
    assert not planned.editor.plan.origin.isVisible()


def test_a_reopened_file_brings_its_plan_with_its_words(planned, qtbot, tmp_path):
    path, session = tmp_path / "sea.ora", planned.session
    session.files.save(path)
    qtbot.waitUntil(lambda: not session.document.busy)
    origin = session.document.state.plan.origin
    write(planned, FISH)
    open_picture(planned, qtbot, path)
    assert session.document.state.plan.origin == origin
    planned.editor.run_apply()
    assert CAR in dialog(qtbot).text()
    answer(qtbot, "Cancel")


def test_settings_of_the_history_do_not_relabel_the_plan(planned, qtbot):
    session = planned.session
    session.work.apply(CAR, session.preferences.drawing, session.document.state.plan)
    wait_for_results(planned, qtbot)
    planned.editor.accept()
    qtbot.waitUntil(lambda: bool(session.history.find()))
    entry = session.history.find()[0]
    write(planned, FISH)
    planned.editor.run_plan()
    qtbot.waitUntil(lambda: session.document.state.plan.origin.instruction == FISH)
    session.preferences.use(entry.instruction, entry.again)
    assert is_primary(planned.editor.instruction.plan)
    session.use_entry(entry)
    assert session.document.state.plan.origin.instruction == CAR
    assert is_primary(planned.editor.instruction.apply)


def test_a_plan_by_hand_answers_the_words_it_was_drawn_for(sea, qtbot):
    session = sea.session
    session.review.add_box(Box(500, 500, 800, 800), "the car")
    sea.editor.canvas.setFocus()
    write(sea, FISH)
    assert not session.document.state.plan.origin.known and is_primary(sea.editor.instruction.apply)
    sea.editor.run_apply()
    wait_for_results(sea, qtbot)
    sea.editor.accept()
    assert session.document.state.plan.origin.instruction == FISH
    assert session.document.state.layers[-1].name == f"GoT: {FISH}"
    write(sea, CAR)
    sea.editor.run_apply()
    assert FISH in dialog(qtbot).text()
    answer(qtbot, "Cancel")
    session.document.undo.undo()
    assert not session.document.state.plan.origin.known


def test_a_caption_is_no_instruction(planned, qtbot):
    preferences, panel = planned.session.preferences, planned.editor.instruction
    preferences.draw_with(new_picture=True)
    assert is_primary(panel.plan)
    planned.editor.run_apply()
    answer(qtbot, "Draw this plan")
    wait_for_results(planned, qtbot)
    assert planned.session.work.results.result.kind == "edit"  # as it was planned


def test_a_plan_whose_text_was_deleted_answers_nothing(planned):
    plan = planned.session.document.state.plan
    assert plan.with_text(plan.text + " ").origin.known and not plan.with_text("").origin.known


def test_every_correction_keeps_the_origin():
    origin = Origin(instruction=CAR)
    text = "A car <|box_start|>(100,100),(500,500)<|box_end|> (red) becomes purple.<|im_gen_start|>"
    plan = Plan.of(text, origin)
    for other in (
        plan.resized(0, Box(1, 1, 500, 500)),
        plan.reframed((0, 0, 100, 100), (0, 0, 50, 50)),
        plan.renamed(0, "a bus"),
        plan.recolored(0, None),
        plan.added(Box(1, 1, 90, 90), "a hat", 0),
        plan.duplicated(0).shifted(0, 1),
        plan.deleted(0),
        plan.marked(0, locked=True),
        plan.with_text(text.replace("purple", "green")),
        plan.until(0),
        Plan.from_json(plan.to_json()),
    ):
        assert other.origin == origin and other != plan.with_text("")


def test_an_older_history_is_read_and_goes_on(tmp_path):
    history = History(tmp_path, 10)
    history.find()
    database = sqlite3.connect(history.path)
    database.execute("alter table edit drop column origin")
    database.execute(
        "insert into edit (made, instruction, chain, drawing, document, starred, before, after)"
        " values (1, 'a boat', 'x', '{\"new_picture\": true}', 'sea.png', 0, x'00', x'00')"
    )
    database.commit()
    database.close()
    assert history.find()[0].origin == Origin(task="text_to_image", instruction="a boat", model="got-mini")
