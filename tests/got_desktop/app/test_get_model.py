"""The Models page: getting a released model from a real server or from a folder, and using it."""

import json
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QFileDialog, QLabel, QPushButton, QWidget

from got_desktop import catalog
from got_desktop.model.getting import Progress, Speed
from got_desktop.ui.pages.get_card import GetCard
from got_desktop.ui.pages.models_page import ModelsPage
from tests.engine.models.hub import Hub
from tests.got_desktop.app.conftest import Window, errors

REPOSITORIES = {
    "LucasFang/GoT-6B": "GoT-6B",
    "Qwen/Qwen2.5-VL-3B-Instruct": "Qwen2.5-VL-3B-Instruct",
    "stabilityai/stable-diffusion-xl-base-1.0": "stable-diffusion-xl-base-1.0",
}
LAST_SHARD = "pytorch_model-00002-of-00002.bin"
SHARD = "pytorch_model-00001-of-00002.bin"


@pytest.fixture
def models(engine_place) -> Iterator[Path]:
    """The folder of the user's own models; models that a test adds are deleted after it."""
    before = set(engine_place.models.iterdir())
    yield engine_place.models
    for path in set(engine_place.models.iterdir()) - before:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@pytest.fixture
def hub(golden: Path, tmp_path: Path, monkeypatch) -> Iterator[Hub]:
    """A server that publishes a real but tiny GoT checkpoint under the names of the released one."""
    folders = {}
    for repository, folder in REPOSITORIES.items():
        folders[repository] = tmp_path / "hub" / folder
        shutil.copytree(golden / folder, folders[repository])
        (folders[repository] / "LICENSE").write_text(f"The terms of {folder}.")
    with Hub(folders) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        yield hub


@pytest.fixture
def page(window: Window, models: Path, qtbot) -> Iterator[ModelsPage]:
    window.show_page("models")
    page = window.pages.currentWidget()
    assert isinstance(page, ModelsPage)
    qtbot.waitUntil(lambda: bool(window.session.link.offer.models))
    yield page
    page.getting.close()


def press(qtbot, where: QWidget, text: str) -> None:
    """Presses the button with that text by key."""
    qtbot.waitUntil(lambda: text in texts(where))  # a new widget is shown a moment later
    button = next(b for b in where.findChildren(QPushButton) if b.text() == text and b.isVisible())
    assert button.isEnabled(), text
    button.setFocus()
    qtbot.keyClick(button, Qt.Key.Key_Space)


def texts(where: QWidget) -> list[str]:
    return [b.text() for b in where.findChildren(QPushButton) if b.isVisible()]


def settle(page: ModelsPage, qtbot) -> None:
    qtbot.waitUntil(lambda: page.getting.progress is None)


def look(page: ModelsPage, qtbot) -> None:
    press(qtbot, page.get, "Show sizes and licenses")
    settle(page, qtbot)
    assert page.getting.choice is not None


def accept_all(card: GetCard, qtbot) -> None:
    for box in card.accepted.values():
        assert not card.start.isEnabled()
        box.setFocus()
        qtbot.keyClick(box, Qt.Key.Key_Space)
    assert card.start.isEnabled()


@pytest.mark.full
def test_got_6b_is_downloaded_imported_and_used(window: Window, page: ModelsPage, hub: Hub, models: Path, qtbot):
    look(page, qtbot)
    choice = page.getting.choice
    assert choice and [terms.text for terms in choice.terms] == [f"The terms of {f}." for f in REPOSITORIES.values()]
    assert [box.accessibleName() for box in page.get.findChildren(QCheckBox)] == [
        f"I accept the terms of {repository}" for repository in REPOSITORIES
    ]
    hub.faults.break_after, hub.faults.breaks = 500_000, 3
    stages = []
    page.getting.changed.connect(lambda: stages.append(page.getting.progress and page.getting.progress.stage))
    accept_all(page.get, qtbot)
    with qtbot.waitSignal(page.getting.imported) as signal:
        press(qtbot, page.get, "Download and import")
    assert signal.args == ["GoT-6B"]
    assert {"download", "read", "write"} <= set(stages)
    assert (models / "GoT-6B" / "got.json").is_file()
    assert json.loads((models / "GoT-6B" / "got.json").read_text())["provenance"]["checkpoint"] == "GoT-6B"
    qtbot.waitUntil(lambda: not page.getting.downloads.exists())
    qtbot.waitUntil(lambda: page.findChild(QWidget, "model_GoT-6B") is not None)
    row = page.findChild(QWidget, "model_GoT-6B")
    press(qtbot, row, "Use")
    assert window.session.preferences.drawing.model == "GoT-6B"
    assert not errors(window)


@pytest.mark.full
def test_a_cancelled_download_is_resumed(window: Window, page: ModelsPage, hub: Hub, models: Path, qtbot):
    look(page, qtbot)
    hub.faults.hold = threading.Event()
    accept_all(page.get, qtbot)
    press(qtbot, page.get, "Download and import")
    part = page.getting.downloads / "GoT-6B" / f"{SHARD}.part"
    half = len(hub.files("LucasFang/GoT-6B")[SHARD]) // 2
    qtbot.waitUntil(lambda: part.exists() and part.stat().st_size == half)
    press(qtbot, page.get, "Cancel")
    settle(page, qtbot)
    assert page.getting.choice and page.getting.choice.interrupted
    hub.faults.hold.set()
    hub.faults.hold = None
    accept_all(page.get, qtbot)
    with qtbot.waitSignal(page.getting.imported):
        press(qtbot, page.get, "Resume the download")
    assert (SHARD, f"bytes={half}-") in hub.asked
    qtbot.waitUntil(lambda: not page.getting.downloads.exists())
    assert not errors(window)


def test_a_partial_download_can_be_deleted(page: ModelsPage, hub: Hub, qtbot):
    look(page, qtbot)
    hub.faults.wrong_bytes = LAST_SHARD
    accept_all(page.get, qtbot)
    press(qtbot, page.get, "Download and import")
    qtbot.waitUntil(lambda: page.getting.downloads.exists())
    qtbot.waitUntil(lambda: "Delete the partial download" in texts(page.get))
    press(qtbot, page.get, "Delete the partial download")
    settle(page, qtbot)
    assert not page.getting.downloads.exists()
    qtbot.waitUntil(lambda: "Show sizes and licenses" in texts(page.get))


def test_a_wrong_hash_is_reported(window: Window, page: ModelsPage, hub: Hub, models: Path, qtbot):
    look(page, qtbot)
    hub.faults.wrong_bytes = LAST_SHARD
    accept_all(page.get, qtbot)
    with qtbot.waitSignal(page.getting.failed):
        press(qtbot, page.get, "Download and import")
    assert [message.text for message in errors(window)] == [
        f"{LAST_SHARD} is not the file that its publisher lists: its hash differs. The file was removed."
    ]
    settle(page, qtbot)
    assert page.getting.choice and page.getting.choice.interrupted
    assert not (models / "GoT-6B").exists()


def test_an_unreachable_server_is_reported(window: Window, page: ModelsPage, monkeypatch, qtbot):
    with Hub({}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
    with qtbot.waitSignal(page.getting.failed):
        press(qtbot, page.get, "Show sizes and licenses")
    assert "cannot be reached" in errors(window)[0].text and "network" in errors(window)[0].remedy
    qtbot.waitUntil(lambda: "Show sizes and licenses" in texts(page.get))


def test_a_download_does_not_start_if_the_disk_is_too_small(page: ModelsPage, hub: Hub, monkeypatch, qtbot):
    usage = shutil.disk_usage(".")._replace(free=1_000_000)
    monkeypatch.setattr("got_desktop.model.getting.shutil.disk_usage", lambda folder: usage)
    look(page, qtbot)
    for box in page.get.accepted.values():
        box.click()
    assert not page.get.start.isEnabled()
    assert any("Free some space" in label.text() for label in page.get.findChildren(QLabel))


@pytest.mark.full
def test_an_existing_folder_is_imported(window: Window, page: ModelsPage, golden: Path, models: Path, qtbot):
    press(qtbot, page.get, "Import a folder…")
    dialog = next(w for w in window.findChildren(QFileDialog) if w.isVisible())
    with qtbot.waitSignal(page.getting.imported) as signal:
        dialog.fileSelected.emit(str(golden / "GoT-6B"))
        dialog.close()
    assert signal.args == ["GoT-6B"]
    assert (models / "GoT-6B" / "got.json").is_file()


@pytest.mark.full
def test_a_cancelled_import_leaves_no_files(page: ModelsPage, golden: Path, models: Path, qtbot):
    page.getting.import_folder(golden / "GoT-6B")
    chore = []
    qtbot.waitUntil(lambda: page.getting._chore is not None)
    chore.append(page.getting._chore)
    qtbot.waitUntil(lambda: any(p.name.startswith(".GoT-6B") for p in models.iterdir()))
    press(qtbot, page.get, "Cancel")
    chore[0].wait()
    qtbot.waitUntil(lambda: not [p for p in models.iterdir() if "GoT-6B" in p.name])


def test_a_native_model_is_added_without_copying(page: ModelsPage, tmp_path: Path, models: Path, qtbot):
    shutil.copytree(catalog.model_info("got-mini")["folder"], tmp_path / "mine")
    with qtbot.waitSignal(page.getting.imported) as signal:
        page.getting.import_folder(tmp_path / "mine")
    assert signal.args == ["mine"]
    qtbot.waitUntil(lambda: page.findChild(QWidget, "model_mine") is not None)


def test_a_folder_without_a_model_is_rejected(window: Window, page: ModelsPage, tmp_path: Path, qtbot):
    with qtbot.waitSignal(page.getting.failed):
        page.getting.import_folder(tmp_path)
    assert "does not contain a GoT model" in errors(window)[0].text


def test_a_process_that_dies_is_reported(window: Window, page: ModelsPage, hub: Hub, qtbot):
    hub.faults.hold = threading.Event()
    look(page, qtbot)
    accept_all(page.get, qtbot)
    press(qtbot, page.get, "Download and import")
    qtbot.waitUntil(lambda: page.getting.downloads.exists())
    chore = page.getting._chore
    assert chore is not None
    with qtbot.waitSignal(page.getting.failed):
        os.kill(chore._process.processId(), 9)
    assert "The process exited" in errors(window)[0].text


def test_the_loaded_model_can_be_unloaded(window: Window, page: ModelsPage, qtbot):
    from engine.api.protocol import LoadRequest

    link = window.session.link
    outcomes: list[object] = []
    link.run(
        lambda c: LoadRequest(model="got-mini"), lambda c, r: r.id, lambda e: None, outcomes.append, outcomes.append
    )
    qtbot.waitUntil(lambda: bool(outcomes))
    assert isinstance(outcomes[0], str), outcomes
    row = lambda: page.findChild(QWidget, "model_got-mini")  # noqa: E731
    qtbot.waitUntil(lambda: "Unload" in texts(row()))
    press(qtbot, row(), "Unload")
    qtbot.waitUntil(lambda: "Unload" not in texts(row()))
    # the page may see the engine's new condition before the answer to its request
    qtbot.waitUntil(lambda: any(m.text == "The model was unloaded." for m in window.message_log))


def test_the_speed_covers_the_last_seconds():
    speed = Speed()
    assert speed.at(0, 0.0) == 0.0
    assert speed.at(100, 1.0) == 100.0
    assert speed.at(100, 5.0) == 20.0
    assert speed.at(1100, 20.0) == 0.0
    assert Progress("download", 100, 300, 50.0).seconds_left == 4.0
    assert Progress("download", 100, 300).seconds_left is None
