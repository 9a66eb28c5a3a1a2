"""A question to the user over the window; the work goes on while it is open."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

Role = QMessageBox.ButtonRole
Icon = QMessageBox.Icon


class Question(QMessageBox):
    """Goes when it is answered: nothing of it is kept by the window."""

    def __init__(self, parent: QWidget, title: str, text: str, more: str = "", icon: Icon = Icon.Warning) -> None:
        super().__init__(icon, title, text, parent=parent)
        self.setInformativeText(more)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._answers: list[tuple[object, Callable[[], None]]] = []
        self.finished.connect(self._answered)

    def offer(self, text: str, role: Role, call: Callable[[], None], preferred: bool = False) -> None:
        """An answer and what is done then; `preferred` is what Enter gives."""
        made = self.addButton(text, role)
        self._answers.append((made, call))
        if preferred:
            self.setDefaultButton(made)

    def offer_cancel(self, preferred: bool = False) -> None:
        made = self.addButton(QMessageBox.StandardButton.Cancel)
        if preferred:
            self.setDefaultButton(made)

    def _answered(self) -> None:
        given = self.clickedButton()
        for made, call in self._answers:
            if made is given:
                call()
