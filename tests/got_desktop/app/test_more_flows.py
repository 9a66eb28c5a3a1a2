"""Candidates, plans with several turns, new pictures, layers, presets and history, with a real engine."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit

from engine.api.chain import IM_GEN_START, Box, format_box
from got_desktop.model import pictures
from got_desktop.model.figures import seconds
from got_desktop.model.plan import Plan
from got_desktop.model.settings import Preset
from got_desktop.ui.stage_times import rows
from tests.got_desktop.app.conftest import SEA, errors, open_picture, wait_for_plan, wait_for_results

CAR = format_box(Box(300, 560, 580, 840), "red")
FISH = format_box(Box(300, 90, 600, 390), "red")
LEFT = Qt.MouseButton.LeftButton
TWO = f"The car {CAR} becomes purple.{IM_GEN_START}<|im_gen_end|>The fish {FISH} becomes green.{IM_GEN_START}"


def see_side_by_side(editor, qtbot) -> None:
    """Checks that candidates are shown side by side, selected by mouse and keys, and opened alone."""
    canvas, review = editor.canvas, editor.review
    assert canvas.side_by_side and review.index == canvas.sides.selected == 0
    first, second = (QPoint(*map(round, place.center)) for place in canvas.sides.places)
    candidate_colors = [canvas.grab().toImage().pixelColor(at) for at in (first, second)]
    qtbot.keyPress(canvas, Qt.Key.Key_Space)
    original = canvas.grab().toImage()
    qtbot.keyRelease(canvas, Qt.Key.Key_Space)
    assert original.pixelColor(first) == original.pixelColor(second) not in candidate_colors
    qtbot.mouseClick(canvas, LEFT, pos=second)
    assert review.index == canvas.sides.selected == 1 and "2" in canvas.accessibleDescription()
    qtbot.keyClick(canvas, Qt.Key.Key_Right)  # already the last candidate
    qtbot.keyClick(canvas, Qt.Key.Key_Up)
    assert review.index == canvas.sides.selected == 0
    qtbot.mouseDClick(canvas, LEFT, pos=second)
    assert review.index == 1 and canvas.mode == "after" and not canvas.side_by_side
    qtbot.keyClick(canvas, Qt.Key.Key_1)
    review.show_mode("all")
    assert canvas.side_by_side and canvas.sides.selected == 0
    review.show_mode("after")


def test_the_time_by_stage_is_shown(sea, qtbot):
    button = sea.statusBar().times_button
    assert not button.isVisible()
    sea.session.preferences.draw_with(steps=4)
    sea.editor.run_both()
    qtbot.waitUntil(lambda: "s per step" in sea.editor.instruction.stage.text())
    wait_for_results(sea, qtbot)
    times = sea.session.work.times
    assert times.tokens > 20 and len(times.steps) == 4 and times.plan > 0 < times.encode and times.decode > 0
    assert button.isVisible() and button.text() == f"Took {seconds(sum(times.stages.values()))}"
    assert f"{times.tokens} tokens" in button.toolTip() and "4 steps: first" in button.accessibleDescription()
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)
    card = QApplication.activePopupWidget()
    assert card is not None
    texts = "\n".join(label.text() for label in card.findChildren(QLabel))
    assert all(f"{name}\n{time}" in texts for name, time, _ in rows(times)) and "Draw" in texts
    assert not card.grab().isNull()
    qtbot.keyClick(card, Qt.Key.Key_Escape)
    assert QApplication.activePopupWidget() is None
    sea.editor.run_plan()
    assert not button.isVisible()
    sea.session.work.cancel()
    qtbot.waitUntil(lambda: not sea.session.work.busy)


def test_candidates_are_selected_by_number_and_accepted_by_enter(sea, qtbot):
    session, editor = sea.session, sea.editor
    session.preferences.draw_with(candidates=2, steps=4, seed_locked=False)
    session.review.replan(Plan.of(TWO).until(0), "")
    editor.run_apply()
    wait_for_results(sea, qtbot)
    see_side_by_side(editor, qtbot)
    seed = session.preferences.drawing.seed
    assert [candidate.seed for candidate in session.work.results.candidates] == [seed, seed + 1]
    qtbot.keyClick(editor.canvas, Qt.Key.Key_2)
    assert editor.review.index == 1 and str(seed + 1) in editor.review.reuse.toolTip()
    qtbot.mouseClick(editor.review.reuse, LEFT)
    assert session.preferences.drawing.seed == seed + 1 and session.preferences.drawing.seed_locked
    qtbot.keyPress(editor.canvas, Qt.Key.Key_Space)
    assert editor.canvas.picture is editor.canvas.before
    qtbot.keyRelease(editor.canvas, Qt.Key.Key_Space)
    assert editor.canvas.picture is editor.canvas.after
    for mode in ("slider", "heat", "before", "after"):
        editor.review.mode_requested.emit(mode)
        assert not editor.canvas.grab().isNull() and editor.canvas.mode == mode
        split = editor.canvas.split
        qtbot.keyClick(editor.canvas, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
        assert editor.canvas.split == pytest.approx(split - 0.1 if mode == "slider" else split)
    qtbot.keyClick(editor.canvas, Qt.Key.Key_Return)
    assert session.document.state.layers[0].facts["seed"] == seed + 1 and not editor.review.isVisibleTo(editor)
    qtbot.waitUntil(lambda: editor.history.list.count() == 1)
    assert [entry.instruction for entry in session.history.find("car purple")] == ["turn the red car purple"]
    assert session.history.find("no such words") == []
    session.preferences.draw_with(seed_locked=False, seed=7)
    editor.history.list.setCurrentRow(0)
    qtbot.mouseClick(editor.history.reuse, LEFT)
    drawing = session.preferences.drawing
    assert (drawing.seed, drawing.seed_locked) == (seed, True)  # gives the same picture again


def test_a_plan_of_two_turns_runs_up_to_a_turn_and_as_a_whole(sea, qtbot):
    session, editor = sea.session, sea.editor
    session.preferences.draw_with(steps=3)
    session.review.replan(Plan.of(TWO), "")
    assert editor.plan.turns.count() == 2 and editor.plan.boxes.list.count() == 1
    editor.plan.turns.activated.emit(1)
    assert session.review.turn == 1 and editor.canvas.shown_boxes()[0].region.phrase == "The fish"
    editor.plan.turns.activated.emit(0)
    qtbot.mouseClick(editor.plan.until, Qt.MouseButton.LeftButton)
    wait_for_results(sea, qtbot)
    assert len(session.work.results.candidates[0].layers) == 1
    session.work.dismiss()
    editor.run_apply()
    wait_for_results(sea, qtbot)
    editor.accept()
    assert len(session.document.state.layers) == 2 and session.document.state.layers[1].name.endswith("(2)")
    qtbot.mouseClick(editor.plan.branch, Qt.MouseButton.LeftButton)
    assert session.review.plan.turns() == 1
    session.document.undo.undo()
    assert session.review.plan.turns() == 2


def test_a_new_picture_from_a_caption(window, qtbot):
    session, editor = window.session, window.editor
    editor.instruction.kind.chosen.emit("new")
    qtbot.keyClicks(editor.instruction.words, "a red house left of a green tree")
    session.preferences.draw_with(steps=4)
    editor.run_plan()
    wait_for_plan(window, qtbot)
    editor.run_apply()
    wait_for_results(window, qtbot)
    editor.accept()
    assert session.document.state.size == (128, 128) and session.document.modified
    session.document.undo.undo()
    assert not session.document.is_open
    session.document.undo.redo()
    assert session.document.is_open and errors(window) == []


def test_a_new_picture_does_not_overwrite_the_previous_file(window, qtbot, tmp_path):
    path = Path(shutil.copy(SEA, tmp_path))
    open_picture(window, qtbot, path)
    session, editor = window.session, window.editor
    session.preferences.draw_with(new_picture=True, steps=1, candidates=1)
    session.review.replan(Plan.of(f"A red house {CAR}.{IM_GEN_START}"), "")
    session.preferences.instruction = "a red house"
    editor.run_apply()
    wait_for_results(window, qtbot)
    editor.accept()
    assert session.document.path is None and "Untitled" in window.windowTitle()
    window.files.save()
    dialog = window.findChild(QFileDialog)
    assert dialog is not None and dialog.acceptMode() == QFileDialog.AcceptMode.AcceptSave
    dialog.reject()
    assert path.read_bytes() == SEA.read_bytes()
    session.document.undo.undo()
    assert session.document.path == path and path.name in window.windowTitle()
    session.document.undo.redo()
    assert session.document.path is None


def test_the_arrows_of_a_number_start_at_the_models_own_value(window, qtbot):
    field = window.editor.instruction.drawing.fields["steps"]
    preferences = window.session.preferences
    qtbot.waitUntil(lambda: field.spin.text().startswith("model default ("))
    own = int("".join(filter(str.isdigit, field.spin.text())))
    qtbot.keyClick(field.spin, Qt.Key.Key_Up)
    assert field.spin.value() == preferences.drawing.num_inference_steps == own + 1
    field.spin.setValue(field.spin.minimum())
    qtbot.keyClick(field.spin, Qt.Key.Key_Down)
    assert field.spin.value() == preferences.drawing.num_inference_steps == own - 1
    field.spin.stepBy(-(10**6))
    assert preferences.drawing.num_inference_steps is None and field.spin.text().startswith("model default (")


def test_a_clipboard_that_does_not_answer_counts_as_empty(window, monkeypatch):
    monkeypatch.setattr(type(QGuiApplication.clipboard()), "mimeData", lambda clipboard, *mode: None)
    window.files.paste()
    assert [message.text for message in window.message_log] == ["There is no picture on the clipboard."]


def two_layers(sea) -> None:
    state = sea.session.document.state
    for number, name in enumerate(("low", "high")):
        mask = Image.new("L", state.size, 0)
        mask.paste(255, (20 + 30 * number, 20, 70 + 30 * number, 70))
        layer = pictures.read_layer(_rgba(Image.new("RGB", state.size, (200, 40 + 90 * number, 10)), mask), name, {})
        sea.session.document.change(sea.session.document.state.with_layers(layer), name)


def _rgba(image: Image.Image, mask: Image.Image) -> bytes:
    image.putalpha(mask)
    return pictures._png(image)


def look(state) -> np.ndarray:
    return np.asarray(pictures.composite(state.base.image, state.layers).convert("RGB"))


def test_all_layer_changes_can_be_undone(sea, qtbot):
    two_layers(sea)
    session, panel = sea.session, sea.editor.layers
    first = session.document.state
    actions = [
        (0, lambda: panel.list.item(0).setText("renamed")),
        (0, lambda: panel.list.item(0).setCheckState(Qt.CheckState.Unchecked)),
        (0, lambda: panel.opacity.setValue(40)),
        (0, lambda: panel.mask_button.click()),
        (0, lambda: panel.down.click()),
        (1, lambda: panel.up.click()),
        (0, lambda: panel.drop.click()),
    ]
    states = [first]
    for place, action in actions:
        panel.list.setCurrentRow(place)
        action()
        states.append(session.document.state)
    assert len({id(state) for state in states}) == len(states)
    for state in reversed(states[:-1]):
        session.document.undo.undo()
        assert session.document.state.layers == state.layers
    assert session.document.state.layers == first.layers


@pytest.mark.parametrize("end", ["enter", "elsewhere"])
def test_a_layer_can_be_renamed_while_the_document_changes(sea, qtbot, end):
    two_layers(sea)
    session, panel = sea.session, sea.editor.layers
    top = session.document.state.layers[-1].id
    panel.list.setFocus()
    panel.list.setCurrentRow(0)
    panel.list.editItem(panel.list.item(0))
    field = panel.list.findChild(QLineEdit)
    field.selectAll()
    qtbot.keyClicks(field, "a hat")
    session.document.change(session.document.state.with_layer(top, opacity=0.5), "Opacity")  # or an accepted result
    assert field.isVisible() and field.text() == "a hat"
    if end == "enter":
        qtbot.keyClick(field, Qt.Key.Key_Return)
    panel.opacity.setFocus()  # the field loses the focus before its text is stored
    qtbot.waitUntil(lambda: [layer.name for layer in session.document.state.layers][-1] == "a hat")
    qtbot.waitUntil(lambda: panel.list.findChild(QLineEdit) is None)
    assert panel.list.item(0).text() == "a hat" and panel.list.count() == 3 and panel.opacity.value() == 50


def test_merging_layers_does_not_change_the_picture(sea, qtbot):
    two_layers(sea)
    session, before = sea.session, look(sea.session.document.state)
    sea.editor.layers.list.setCurrentRow(0)
    sea.editor.layers.merge.click()
    qtbot.waitUntil(lambda: len(session.document.state.layers) == 1)
    assert np.abs(look(session.document.state).astype(int) - before).max() <= 1


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".ora"])
def test_saved_files_keep_exif_and_profile_and_png_keeps_the_facts(sea, qtbot, tmp_path, suffix):
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x010E] = "a sea"
    Image.open(SEA).convert("RGB").save(tmp_path / "in.jpg", exif=exif, icc_profile=profile, quality=95)
    open_picture(sea, qtbot, tmp_path / "in.jpg")
    two_layers(sea)
    session = sea.session
    top = session.document.state.layers[-1].id
    session.document.change(session.document.state.with_layer(top, facts={"seed": 7}, mask_on=False, opacity=0.5), "")
    path = tmp_path / f"out{suffix}"
    session.files.save(path)
    qtbot.waitUntil(lambda: path.exists() and not session.document.busy)
    assert session.document.modified == (suffix != ".ora")
    saved_state = pictures.read(path)
    assert saved_state.base is not None and saved_state.base.exif is not None
    assert saved_state.base.icc_profile == profile and b"a sea" in saved_state.base.exif
    if suffix == ".ora":
        assert [x.mask_on for x in saved_state.layers] == [True, False] and saved_state.layers[1].opacity == 0.5
        assert np.array_equal(look(saved_state), look(session.document.state))
    elif suffix != ".jpg":
        assert np.array_equal(np.asarray(saved_state.base.image), look(session.document.state))
    if suffix == ".png":
        from engine.imaging.save import read_facts

        facts = read_facts(path.read_bytes())
        assert facts is not None and facts["seed"] == 7


def test_presets_and_settings_survive_a_restart(make_window, qtbot, data):
    first = make_window()
    preferences = first.session.preferences
    preferences.instruction = "make it snow"
    preferences.draw_with(scope="whole", candidates=3, semantic=2.5, steps=9, seed=11)
    preset = Preset("snow", preferences.instruction, preferences.drawing)
    preferences.configure(presets=preferences.settings.with_preset(preset).presets)
    first.close()
    second = make_window(data)
    preferences_again = second.session.preferences
    assert preferences_again.settings.presets == (preset,) and preferences_again.instruction == "make it snow"
    preferences_again.draw_with(scope="boxes", steps=None)
    second.editor.instruction.presets.activated.emit(1)
    assert preferences_again.drawing == preset.drawing


def test_a_picture_can_be_pasted_and_dropped(window, qtbot):
    QGuiApplication.clipboard().setImage(QImage(str(SEA)))
    window.files.paste()
    qtbot.waitUntil(lambda: window.session.document.is_open)
    assert window.session.document.path is None
    pixels = np.asarray(window.session.document.state.base.image.convert("RGB"))
    assert np.array_equal(pixels, np.asarray(Image.open(SEA).convert("RGB")))
    QGuiApplication.clipboard().setText("words")
    window.files.paste()
    assert window.message_log[-1].kind == "warning"


def test_boxes_are_reordered_by_keys_and_by_dropping(sea, qtbot):
    session, boxes = sea.session, sea.editor.plan.boxes.list
    first, second = format_box(Box(300, 560, 580, 840), "red"), format_box(Box(300, 90, 600, 390), "green")
    session.review.replan(Plan.of(f"The car {first} and the fish {second} change.{IM_GEN_START}"), "")
    session.review.select(0)
    boxes.setFocus()
    qtbot.keyClick(boxes, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    box_order = [(region.phrase, region.color) for region in session.review.plan.chain.boxes]
    assert box_order == [("the fish", "red"), ("The car", "green")]
    assert session.review.selected == 1 and boxes.currentRow() == 1
    qtbot.keyClick(boxes, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)  # already the last box
    session.document.undo.undo()
    assert [region.phrase for region in session.review.plan.chain.boxes][0] == "The car"
    session.review.select(1)
    place = boxes.visualItemRect(boxes.item(0)).topLeft() + QPoint(4, 2)
    event = QDropEvent(place.toPointF(), Qt.DropAction.MoveAction, QMimeData(), LEFT, Qt.KeyboardModifier.NoModifier)
    boxes.dropEvent(event)
    assert session.review.plan.chain.boxes[1].phrase == "The car" and session.review.selected == 0
    assert boxes.count() == 2 and errors(sea) == []
