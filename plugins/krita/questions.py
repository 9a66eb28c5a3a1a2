"""A question to the user before something is done. Krita goes on meanwhile: the answer comes as a call."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.api.language import translate
from plugins.krita.qt import QtWidgets

Answer = tuple[str, Callable[[], None]]
"""What the button says, and what it does."""


def ask(parent: QtWidgets.QWidget, question: str, answers: Sequence[Answer]) -> QtWidgets.QMessageBox:
    """Opens a window with a question. The last answer is the default; Cancel (Escape) does nothing."""
    box = QtWidgets.QMessageBox(parent.window())
    box.setWindowTitle("GoT")
    box.setIcon(QtWidgets.QMessageBox.Icon.Question)
    box.setText(question)
    actions = {}
    for label, action in answers:
        button = box.addButton(label, QtWidgets.QMessageBox.ButtonRole.AcceptRole)
        actions[button] = action
        box.setDefaultButton(button)
    cancel = box.addButton(translate("Cancel"), QtWidgets.QMessageBox.ButtonRole.RejectRole)
    box.setEscapeButton(cancel)

    def answered() -> None:
        action = actions.get(box.clickedButton())
        box.deleteLater()
        if action:
            action()

    box.finished.connect(lambda _: answered())
    box.open()
    return box
