"""Files dragged from another program onto the app's window."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from got_desktop.model.samples import SAMPLES
from tests.got_desktop.app.conftest import Window
from tests.hosts.app.conftest import activate

SOURCE = Path(__file__).with_name("drag_source.py")


@contextmanager
def dropped(user, target, *files: Path) -> Iterator[str]:
    """Drags the files onto the middle of a widget; gives the action that their program was told."""
    command = [sys.executable, str(SOURCE), *map(str, files)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as source:
        assert source.stdout is not None and source.stdout.readline() == "ready\n"
        user.drag_from_screen((20, 20), target)
        yield user.read_line(source.stdout).strip()
        source.terminate()


def place(window: Window, name: str):
    editor = window.editor
    places = {"start": editor.start, "canvas": editor.canvas, "instruction": editor.instruction.words}
    return {**places, "search": editor.history.search, "boxes": editor.plan.boxes.list}[name]


@pytest.mark.parametrize("name", ["start", "instruction", "search"])
def test_a_dropped_file_is_opened_and_stays_where_it_is(window, qtbot, user, tmp_path, name):
    activate(window, qtbot)
    file = Path(shutil.copy(SAMPLES / "night.png", tmp_path))
    with dropped(user, place(window, name), file) as action:
        assert action == "CopyAction"
        qtbot.waitUntil(lambda: window.session.document.path == file)
    assert not window.editor.instruction.words.toPlainText() and not window.editor.history.search.text()


def test_of_two_dropped_files_the_other_is_named(sea, qtbot, user, tmp_path):
    activate(sea, qtbot)
    words = tmp_path / "words.txt"
    words.write_text("hello")
    files = [Path(shutil.copy(SAMPLES / f"{name}.png", tmp_path)) for name in ("night", "sea")]
    with dropped(user, place(sea, "canvas"), words, *files) as action:
        assert action == "CopyAction"
        qtbot.waitUntil(lambda: sea.session.document.path == files[0])
    said = next(message for message in sea.message_log if "night.png" in message.text)
    assert "words.txt" in said.remedy and "sea.png" in said.remedy


def test_a_dialog_takes_no_files(sea, qtbot, user):
    activate(sea, qtbot)
    user.press("F1")
    qtbot.waitUntil(lambda: not sea.isActiveWindow())
    with dropped(user, place(sea, "canvas"), SAMPLES / "night.png") as action:
        assert action == "IgnoreAction"
