"""Saving and opening by keys, and what happens to work that a file does not keep."""

from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from engine.api.protocol import Selection
from got_desktop.model.layers import Layer
from tests.got_desktop.app.conftest import SEA, Window, dialog
from tests.hosts.app.conftest import activate


def take_layer(window: Window) -> None:
    """Adds a layer, as accepting a result does."""
    document = window.session.document
    size = document.state.size
    layer = Layer("GoT: purple", Image.new("RGB", size, "purple"), Image.new("L", size, 128))
    document.change(document.state.with_layers(layer), "Edit")


def save_as(window: Window, qtbot, user, path: Path, keys: str = "ctrl+shift+s") -> None:
    user.press(keys)
    name_file(window, qtbot, user, path)
    qtbot.waitUntil(lambda: path.exists() and not window.session.document.busy)


def name_file(window: Window, qtbot, user, path: Path) -> None:
    """Answers the file dialog."""
    qtbot.waitUntil(lambda: isinstance(QApplication.activeWindow(), QFileDialog))
    user.type(str(path))
    user.press("Return")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_a_flat_file_is_an_export_and_closing_still_asks(sea, qtbot, user, tmp_path, suffix):
    activate(sea, qtbot)
    document, path = sea.session.document, tmp_path / f"flat{suffix}"
    opened = document.path
    take_layer(sea)
    save_as(sea, qtbot, user, path)
    qtbot.waitUntil(lambda: path.name in sea.message_log[-1].text)
    assert "layers" in sea.message_log[-1].text and ".ora" in sea.message_log[-1].remedy
    assert document.modified and document.path == opened
    user.press("ctrl+w")
    assert "unsaved changes" in dialog(qtbot).text()
    user.press("Escape")
    qtbot.waitUntil(sea.isActiveWindow)
    assert len(document.state.layers) == 1 and sea.isVisible()


def test_an_export_while_closing_asks_again_and_openraster_closes(sea, qtbot, user, tmp_path):
    activate(sea, qtbot)
    take_layer(sea)
    user.press("ctrl+w")
    dialog(qtbot)
    user.press("Return")  # saving is what Enter does
    name_file(sea, qtbot, user, tmp_path / "flat.png")
    qtbot.waitUntil(lambda: isinstance(QApplication.activeWindow(), QMessageBox))
    assert "flat.png" in dialog(qtbot).informativeText() and "layers" in dialog(qtbot).informativeText()
    user.press("Return")
    name_file(sea, qtbot, user, tmp_path / "all.ora")
    qtbot.waitUntil(lambda: not sea.isVisible())
    assert (tmp_path / "all.ora").exists()


def test_saving_keeps_what_only_openraster_holds(sea, qtbot, user, tmp_path):
    """The area to edit is not in a PNG either; after undo, the PNG holds all."""
    activate(sea, qtbot)
    document = sea.session.document
    sea.session.review.choose_area(Selection(0, 0, 100, 100))
    save_as(sea, qtbot, user, tmp_path / "one.png")
    assert document.modified and "area" in sea.message_log[-1].text
    user.focus(sea.editor.canvas)
    user.press("ctrl+z")
    qtbot.waitUntil(lambda: not document.modified)
    save_as(sea, qtbot, user, tmp_path / "two.png")
    assert not document.modified and document.path == tmp_path / "two.png"
    user.press("ctrl+s")
    qtbot.waitUntil(lambda: "no unsaved changes" in sea.message_log[-1].text)


def test_a_jpeg_of_another_picture_is_an_export(window, qtbot, user, tmp_path):
    """A picture without a file that is saved as JPEG loses pixels, so that closing asks."""
    activate(window, qtbot)
    window.session.files.open_image(QImage(str(SEA)))
    qtbot.waitUntil(lambda: window.session.document.is_open and not window.session.document.busy)
    save_as(window, qtbot, user, tmp_path / "one.jpg")
    assert window.session.document.modified and window.session.document.path is None
    user.press("ctrl+s")
    name_file(window, qtbot, user, tmp_path / "two.png")
    qtbot.waitUntil(lambda: not window.session.document.modified)
    assert window.session.document.path == tmp_path / "two.png"
    user.press("ctrl+w")
    qtbot.waitUntil(lambda: not window.isVisible())
