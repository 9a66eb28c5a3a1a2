"""Fixtures for tests with the real window, the real engine and the model that ships."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from pytestqt.qtbot import QtBot

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent  # noqa: E402
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton  # noqa: E402
from shiboken6 import isValid  # noqa: E402

from got_desktop import faults  # noqa: E402
from got_desktop.app import open_window  # noqa: E402
from got_desktop.model.messages import Message  # noqa: E402
from got_desktop.model.samples import SAMPLES  # noqa: E402
from got_desktop.model.training_files import alive, read_json  # noqa: E402
from got_desktop.ui import window as ui  # noqa: E402
from tests.engine.place import Place  # noqa: E402

SEA = SAMPLES / "sea.png"
SIZE = (1440, 900)
"""The windows' size, which is their start size on a large screen."""
LONG = 900_000
"""Milliseconds after which a wait counts as hanging, even on a very busy machine."""


class Window(ui.Window):
    """The app's window, with a log of its messages to the user."""

    message_log: list[Message]


class PatientQtBot(QtBot):
    """A qtbot that waits very long, so that only a hanging test fails."""

    def waitUntil(self, callback: Callable, *, timeout: int = LONG) -> None:  # noqa: N802 - pytest-qt's name
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: object, *, timeout: int = LONG, **options: object) -> object:  # noqa: N802
        return super().waitSignal(signal, timeout=timeout, **options)

    def waitExposed(self, widget: object, *, timeout: int = LONG) -> object:  # noqa: N802
        return super().waitExposed(widget, timeout=timeout)


@pytest.fixture
def qtbot(qapp, request: pytest.FixtureRequest) -> PatientQtBot:
    return PatientQtBot(request)


@pytest.fixture(scope="session")
def engine_place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One engine for all windows of these tests."""
    place = Place(tmp_path_factory.mktemp("engine"), tmp_path_factory.mktemp("models"), {"grace": "120"})
    yield place
    place.end()


@pytest.fixture(scope="session")
def tiny(engine_place: Place, tiny_model: Path) -> str:
    """The name of the tiny model, which is put into the catalog of these tests' engine."""
    shutil.copytree(tiny_model, engine_place.models / "tiny")
    return "tiny"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The app's data folder."""
    return tmp_path / "app"


@pytest.fixture
def make_window(qapp, qtbot, data: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Window]]:
    """A function that opens windows, which are closed at the end without questions."""
    monkeypatch.setattr(faults, "log_file", lambda: data / "got.log")
    windows: list[Window] = []

    def make(folder: Path = data, first_start: bool = False) -> Window:
        window = cast(Window, open_window(qapp, folder))
        if not first_start:
            window.session.preferences.configure(first_start=False)
            window.session.preferences.draw_with(seed_locked=True)  # the same picture in each run of a test
        window.message_log = []
        window.session.message.connect(window.message_log.append)
        window.show()
        qtbot.waitExposed(window)
        if QApplication.platformName() == "offscreen":  # its screen is too small for all panels
            for name, panel in window.actions_.panels.items():
                panel.setChecked(name not in window.session.preferences.settings.hidden_panels)
            window.resize(*SIZE)
        window.begin()
        windows.append(window)
        return window

    yield make
    for window in windows:
        settle(window)
        window.close()
        window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # setting a theme updates every existing widget
    for process_file in [*data.glob("training/*/train.json"), *data.glob("training/*/annotate.json")]:
        if alive(process := read_json(process_file)):  # the trainer outlives the app
            os.kill(process["pid"], 9)


def settle(window: Window) -> None:
    """Removes everything that closing the window would ask about."""
    window.session.document.undo.setClean()
    window.session.work.leave()


@pytest.fixture
def window(make_window) -> Window:
    return make_window()


@pytest.fixture
def sea(window: Window, qtbot) -> Window:
    """A window with the sample picture open."""
    open_picture(window, qtbot, SEA)
    window.session.preferences.instruction = "turn the red car purple"
    window.session.preferences.changed.emit()
    return window


def open_picture(window: Window, qtbot, path: Path) -> None:
    window.files.open(path)
    qtbot.waitUntil(lambda: window.session.document.path == path and not window.session.document.busy)


def wait_for_plan(window: Window, qtbot) -> None:
    qtbot.waitUntil(lambda: not window.session.work.busy)
    assert not window.session.document.state.plan.empty, window.message_log


def wait_for_results(window: Window, qtbot) -> None:
    qtbot.waitUntil(lambda: not window.session.work.busy)
    assert window.session.work.results is not None, window.message_log
    qtbot.waitUntil(lambda: window.editor.canvas.after is not None)


def errors(window: Window) -> list[Message]:
    return [message for message in window.message_log if message.kind == "error"]


def dialog(qtbot) -> QMessageBox:
    """The open question."""

    def open_box() -> QMessageBox | None:
        boxes = [w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible()]
        return boxes[0] if boxes else None

    qtbot.waitUntil(lambda: open_box() is not None)
    box = open_box()
    assert box is not None
    return box


def answer(qtbot, text: str) -> None:
    """Clicks the button with that text in the open question."""
    box = dialog(qtbot)
    button = next(b for b in box.buttons() if isinstance(b, QPushButton) and b.text().replace("&", "") == text)
    button.click()
    qtbot.waitUntil(lambda: not isValid(box) or not box.isVisible())  # it closes when it is answered
