"""A question in a dialog over the window, which does not block the app's work."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

Role = QMessageBox.ButtonRole
Icon = QMessageBox.Icon


class Question(QMessageBox):
    """Deletes itself after it is answered."""

    def __init__(self, parent: QWidget, title: str, text: str, more: str = "", icon: Icon = Icon.Warning) -> None:
        super().__init__(icon, title, text, parent=parent)
        self.setInformativeText(more)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._answers: list[tuple[object, Callable[[], None]]] = []
        self.finished.connect(self._run_answer)

    def offer(self, text: str, role: Role, call: Callable[[], None], preferred: bool = False) -> None:
        """Adds an answer and its action; Enter gives the `preferred` one."""
        button = self.addButton(text, role)
        self._answers.append((button, call))
        if preferred:
            self.setDefaultButton(button)

    def offer_cancel(self, preferred: bool = False) -> None:
        button = self.addButton(QMessageBox.StandardButton.Cancel)
        if preferred:
            self.setDefaultButton(button)

    def _run_answer(self) -> None:
        clicked = self.clickedButton()
        for button, call in self._answers:
            if button is clicked:
                call()
