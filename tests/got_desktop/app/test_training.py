"""The Training page with the real trainer in a separate process, on a tiny model."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QPlainTextEdit, QPushButton, QSpinBox, QWidget

from engine.api.chain import Chain
from engine.api.errors import RequestError
from got_desktop.model import training_files as files
from got_desktop.model.kept_pairs import ROWS, folder_of
from got_desktop.model.training import Training
from got_desktop.model.training_files import alive, read_json, with_value
from got_desktop.ui.loss_curve import smoothed, ticks
from got_desktop.ui.pages.training_page import TrainingPage
from got_desktop.ui.pages.training_review import ReviewDialog
from tests.engine.place import INSTRUCTION, Place, scene
from tests.got_desktop.app.conftest import Window, answer, errors, open_picture, wait_for_results

STEPS = 60


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    """Six pairs and two incomplete ones."""
    folder = tmp_path_factory.mktemp("data") / "boats"
    folder.mkdir()
    for number in range(6):
        image = Image.new("RGB", (64, 64), (20 * number, 100, 200 - 20 * number))
        image.save(folder / f"{number}-before.png")
        image.paste("red", (8, 8 + number, 40, 40 + number))
        image.save(folder / f"{number}-after.png")
        (folder / f"{number}.txt").write_text(f"paint boat {number} red")
    image.save(folder / "lonely-before.png")
    (folder / "broken-before.png").write_bytes(b"no picture")
    image.save(folder / "broken-after.png")
    (folder / "broken.txt").write_text("mend it")
    return folder


@pytest.fixture
def adapters(engine_place: Place) -> Iterator[Path]:
    """The adapters' folder; adapters that a test adds are deleted after it."""
    yield engine_place.adapters
    shutil.rmtree(engine_place.adapters, ignore_errors=True)


def open_page(window: Window, model: str) -> TrainingPage:
    window.session.preferences.draw_with(model=model)
    window.show_page("training")
    page = window.pages.currentWidget()
    assert isinstance(page, TrainingPage)
    return page


def current(page: TrainingPage) -> Training:
    """The current training."""
    assert page.trainings.current is not None
    return page.trainings.current


def begin(page: TrainingPage, pictures: Path, qtbot) -> None:
    page.describe.setChecked(False)
    page.begin(pictures)
    wait(page, qtbot, lambda: page.trainings.current and page.trainings.current.pairs.state == "ready")


def wait(page: TrainingPage, qtbot, holds) -> None:
    try:
        qtbot.waitUntil(lambda: bool(holds()))
    except qtbot.TimeoutError:
        one = page.trainings.current
        logs = [path.read_text() for path in one.folder.glob("*.log")] if one else []
        raise AssertionError((one and one.status, logs)) from None


def state(page: TrainingPage) -> str:
    return page.trainings.current.status.state if page.trainings.current else ""


def press(qtbot, page: TrainingPage, one: QPushButton) -> None:
    wait(page, qtbot, lambda: one.isVisible() and one.isEnabled())
    one.setFocus()
    qtbot.keyClick(one, Qt.Key.Key_Space)


def read(page: TrainingPage, qtbot, where: QWidget, text: str) -> None:
    """Waits until the widget shows the text."""
    wait(page, qtbot, lambda: any(text in one.text() for one in where.findChildren(QLabel) if one.isVisible()))


def give(page: TrainingPage, qtbot, **values: int) -> None:
    """Enters values into the form."""
    for name, value in values.items():
        key = name.replace("_", ".", 1)
        field = page.form.fields[key]
        assert isinstance(field, QSpinBox)
        wait(page, qtbot, field.isEnabled)
        field.setValue(value)
        wait(page, qtbot, lambda key=key, value=value: current(page).config[key] == value)


def test_the_pairs_in_a_folder_are_reported(make_window, tiny, pictures, adapters, qtbot):
    window = make_window()
    page = open_page(window, tiny)
    begin(page, pictures, qtbot)
    assert state(page) == "new"
    for text in ("6 pairs to train on", "1 × before without after", "1 × cannot be read"):
        read(page, qtbot, page.pairs, text)
    report = page.pairs.findChild(QPlainTextEdit)
    assert report is not None
    text = report.toPlainText()
    assert "lonely-before.png" in text and "broken-before.png" in text
    wait(page, qtbot, lambda: len(page.pairs.strip.pictures) == 6)
    assert page.pairs.strip.pictures[0].accessibleName() == "paint boat 0 red"

    base = page.form.fields["base"]
    assert isinstance(base, QComboBox) and base.currentText() == "tiny"
    turn_the_wheel(page.form.fields["training.steps"])
    correct(page, qtbot)
    training = current(page)
    press(qtbot, page, page.delete)
    answer(qtbot, "Delete")
    wait(page, qtbot, lambda: not page.trainings.names)
    page.trainings.current, page.trainings.busy = training, True
    page.trainings.set_value("training.steps", 3)  # as in a window that does not know yet that it was deleted
    wait(page, qtbot, lambda: not page.trainings.busy)
    assert not any(page.trainings.home.iterdir()) and (pictures / "0-before.png").exists()
    assert not errors(window)


def turn_the_wheel(field: QWidget) -> None:
    """Turns the mouse wheel over a field while the page scrolls."""
    assert isinstance(field, QSpinBox) and field.isEnabled() and not field.hasFocus()
    before, at = field.value(), QPointF(field.rect().center())
    none, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
    turn = QWheelEvent(
        at, field.mapToGlobal(at), QPoint(), QPoint(0, 120), none, Qt.KeyboardModifier.NoModifier, phase, False
    )
    QApplication.sendEvent(field, turn)
    assert field.value() == before and not turn.isAccepted()


def correct(page: TrainingPage, qtbot) -> None:
    """Moves the first pair's box, changes the second pair's instruction and excludes the third pair, by keys."""
    first, second, third = current(page).pairs.rows[:3]
    press(qtbot, page, page.pairs.correct)
    dialog = page.window().findChild(ReviewDialog)
    assert dialog is not None
    wait(page, qtbot, lambda: dialog.place.text() == "1 of 6" and dialog.canvas.picture)
    assert dialog.words.text() == "paint boat 0 red" and dialog.plan.editor.toPlainText()
    dialog.canvas.setFocus()
    dialog.pairs.review.select(0)
    qtbot.keyClick(dialog.canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    dialog.next.click()
    wait(page, qtbot, lambda: dialog.place.text() == "2 of 6")
    dialog.words.selectAll()
    qtbot.keyClicks(dialog.words, "make it red")
    dialog.after.click()
    assert dialog.canvas.after is not None
    dialog.next.click()
    wait(page, qtbot, lambda: dialog.place.text() == "3 of 6")
    dialog.drop.click()
    wait(page, qtbot, lambda: dialog.place.text() == "3 of 5")
    dialog.accept()
    wait(page, qtbot, lambda: len(current(page).pairs.rows) == 5)
    wait(page, qtbot, lambda: current(page).pairs.rows[1].instruction == "make it red")
    corrected_pair = current(page).pairs.rows[0]
    before, after = Chain.parse(first.chain).boxes[0].box, Chain.parse(corrected_pair.chain).boxes[0].box
    assert after.x1 > before.x1 and after.y1 == before.y1 and corrected_pair.instruction == first.instruction
    assert third.name not in [pair.name for pair in current(page).pairs.rows]
    assert current(page).pairs.rows[1].chain == second.chain


def test_a_folder_without_training_data_is_reported(make_window, tiny, tmp_path, adapters, qtbot):
    page = open_page(make_window(), tiny)
    (tmp_path / "empty").mkdir()
    page.describe.setChecked(False)
    page.begin(tmp_path / "empty")
    wait(page, qtbot, lambda: page.trainings.current and page.trainings.current.pairs.state == "died")
    read(page, qtbot, page.pairs, "contains no training data")


@pytest.mark.full
def test_a_training_survives_a_crash_and_closing_and_its_adapter_is_used(
    make_window, tiny, pictures, adapters, data, tmp_path, qtbot
):
    window = make_window()
    page = open_page(window, tiny)
    begin(page, pictures, qtbot)
    config = current(page).folder / "config.toml"
    files.set_values(config, {"validation.num_inference_steps": 1, "training.save_every": 10, "validation.samples": 1})
    give(page, qtbot, training_steps=STEPS, training_batch_size=2, training_micro_batch=4, adapter_rank=2)
    give(page, qtbot, validation_every=STEPS)

    press(qtbot, page, page.progress.start)  # with an invalid configuration
    wait(page, qtbot, lambda: state(page) == "died")
    read(page, qtbot, page.progress, "batch_size must be a multiple")
    give(page, qtbot, training_micro_batch=2)

    press(qtbot, page, page.progress.start)
    page.trainings.start("cpu")  # like a second click on the button before the first has an effect
    press(qtbot, page, page.progress.pause)
    wait(page, qtbot, lambda: state(page) == "paused")
    assert "Paused at step" in page.progress.status.text()
    at = current(page).status.step
    assert page.progress.chain.points[-1][0] == page.progress.diffusion.points[-1][0] == at < STEPS
    assert f"step {at}: " in page.progress.chain.accessibleDescription()
    assert not page.form.fields["training.steps"].isEnabled()

    process = read_json(current(page).folder / "run" / "state.json")
    window.close()
    assert alive(process)  # the trainer continues without the app
    window = make_window()
    page = open_page(window, tiny)
    wait(page, qtbot, lambda: state(page) == "paused")
    assert current(page).status.step == at and page.progress.chain.points[-1][0] == at
    press(qtbot, page, page.progress.resume)
    wait(page, qtbot, lambda: page.progress.chain.points[-1][0] > at)
    wait(page, qtbot, lambda: state(page) != "running" or "memory" in page.progress.status.text())

    os.kill(process["pid"], 9)
    wait(page, qtbot, lambda: state(page) == "died")
    assert "Interrupted" in page.progress.status.text()
    press(qtbot, page, page.progress.resume)
    press(qtbot, page, page.progress.stop)
    wait(page, qtbot, lambda: state(page) == "stopped")
    press(qtbot, page, page.progress.resume)
    wait(page, qtbot, lambda: state(page) == "finished")
    assert [step for step, _ in page.progress.chain.points] == list(range(1, STEPS + 1))
    wait(page, qtbot, lambda: [p.accessibleName() for p in page.progress.samples.pictures] == [f"step {STEPS}"])
    read(page, qtbot, page.progress, "Held-out pairs")
    assert (adapters / "boats" / "adapter.json").is_file()

    edit_with_it(window, page, tmp_path, qtbot)
    assert not errors(window)


def edit_with_it(window: Window, page: TrainingPage, folder: Path, qtbot) -> None:
    press(qtbot, page, page.progress.try_it)
    assert window.pages.currentWidget() is window.editor
    drawing = window.session.preferences.drawing
    assert (drawing.model, drawing.adapter) == ("tiny", "boats")
    wait(page, qtbot, lambda: window.editor.instruction.drawing.adapter.currentText() == "boats")
    scene().save(folder / "scene.png")
    open_picture(window, qtbot, folder / "scene.png")
    window.session.preferences.instruction = INSTRUCTION
    window.session.preferences.draw_with(steps=2)
    window.session.run_apply()
    wait_for_results(window, qtbot)
    results = window.session.work.results
    assert results is not None and results.result.options["adapters"] == [{"name": "boats", "weight": 1.0}]

    window.session.preferences.configure(keep_pairs=True)  # the result becomes a training pair
    rows = folder_of(window.session.folder) / ROWS
    assert not rows.exists()
    window.session.work.accept(0)
    wait(page, qtbot, rows.is_file)
    window.show_page("training")
    page.describe.setChecked(False)
    press(qtbot, page, page.own)
    wait(page, qtbot, lambda: current(page).name == "accepted-edits" and current(page).pairs.rows)
    (pair,) = current(page).pairs.rows
    assert pair.instruction == INSTRUCTION and pair.chain == results.plan.text
    with Image.open(pair.source) as before, Image.open(pair.target) as after:
        assert before.tobytes() == scene().tobytes() != after.tobytes()


def test_changing_a_value_keeps_the_comments_in_the_file():
    text = 'name = "a # b"  # of it\n[training]\nsteps = 3  # many\n[loss]\nsteps = 9\n'
    assert with_value(text, "name", "ü") == 'name = "ü"  # of it\n[training]\nsteps = 3  # many\n[loss]\nsteps = 9\n'
    assert "steps = 5  # many\n[loss]\nsteps = 9" in with_value(text, "training.steps", 5)
    with pytest.raises(RequestError, match="loss.drop"):
        with_value(text, "loss.drop", 1)


def test_the_ticks_and_the_smoothed_line_of_the_curve():
    assert ticks(0.08, 3.0) == [0.1, 0.2, 0.5, 1.0, 2.0]
    assert smoothed([(1, 4.0)]) == [(1, pytest.approx(4.0))]
    assert [round(value, 3) for _, value in smoothed([(1, 4.0), (2, 2.0)])] == [4.0, 2.947]
