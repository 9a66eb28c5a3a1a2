"""The help dialogs: keyboard shortcuts, and information about the program."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDialog, QMessageBox, QWidget

from got_desktop import VERSION
from got_desktop.ui import canvas_keys
from got_desktop.ui.controls import button, column, label, row, scrolled

translate = QCoreApplication.translate


def show_keys(window: QWidget, actions: Iterable[QAction]) -> None:
    """Shows the keyboard shortcuts of the window's commands and of the canvas."""
    rows = [
        (action.text().replace("&", ""), action.shortcut().toString(action.shortcut().SequenceFormat.NativeText))
        for action in actions
        if not action.shortcut().isEmpty()
    ]
    rows += canvas_keys.shortcuts()
    table = "".join(f"<tr><td style='padding:3px 24px 3px 0'>{text}</td><td>{keys}</td></tr>" for text, keys in rows)
    dialog = QDialog(window)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(translate("Help", "Keyboard shortcuts"))
    area = scrolled(label(f"<table>{table}</table>"))
    area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # it is scrolled by keys
    area.setAccessibleName(dialog.windowTitle())
    close = button(translate("Help", "Close"), dialog.accept)
    close.setAutoDefault(False)
    dialog.setLayout(column(area, row(1, close), margin=16, spacing=12))
    dialog.resize(560, min(720, window.height() - 60))
    dialog.open()
    area.setFocus()


def show_about(window: QWidget) -> None:
    words = translate("Help", "Edit pictures by instruction, with a written plan and red boxes that you can correct.")
    _tell(window, translate("Help", "About got_desktop"), f"<h3>got_desktop {VERSION}</h3><p>{words}</p>")


def _tell(window: QWidget, title: str, text: str) -> None:
    box = QMessageBox(QMessageBox.Icon.NoIcon, title, text, QMessageBox.StandardButton.Ok, window)
    box.setTextFormat(Qt.TextFormat.RichText)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
