"""Building blocks of the pages: a scrolling column, cards with rows, and signs."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLayout, QSizePolicy, QVBoxLayout, QWidget

from got_desktop.ui import theme
from got_desktop.ui.controls import column, label, line, row, scrolled
from got_desktop.ui.icons import icon

_WIDTH = 760


def at_home(words: object) -> str:
    """A path, or a text with paths, in which the user's home folder is abbreviated to ~."""
    return str(words).replace(f"{Path.home()}{os.sep}", f"~{os.sep}")


class PageView(QWidget):
    """A page with a title, a description and cards."""

    def __init__(self, title: str, about: str) -> None:
        super().__init__()
        self.setAccessibleName(title)
        self.cards = column(spacing=18)
        head = column(label(title, "title"), label(about, "muted"), spacing=4)
        body = QWidget()
        body.setMaximumWidth(_WIDTH)
        body.setLayout(column(head, self.cards, 1, spacing=20))
        middle = QWidget()
        around = QHBoxLayout(middle)
        around.setContentsMargins(32, 28, 32, 32)
        around.addStretch(1)
        around.addWidget(body, 100)
        around.addStretch(1)
        self.area = scrolled(middle, "page")
        self.setLayout(column(self.area))

    def add(self, *parts: QWidget | QLayout) -> None:
        for part in parts:
            if isinstance(part, QWidget):
                self.cards.addWidget(part)
            else:
                self.cards.addLayout(part)


class Card(QFrame):
    """A heading, and rows with lines between them."""

    def __init__(self, title: str, *rows: QWidget) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.rows = QVBoxLayout()
        self.rows.setSpacing(0)
        head = label(title, "heading")
        head.setContentsMargins(20, 16, 20, 6)
        whole = column(head, self.rows, spacing=0)
        whole.setContentsMargins(0, 0, 0, 6)
        self.setLayout(whole)
        self.fill(*rows)

    def fill(self, *rows: QWidget) -> None:
        """Replaces the rows."""
        while item := self.rows.takeAt(0):
            widget = item.widget()
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()
        for place, child in enumerate(rows):
            if place:
                self.rows.addWidget(inset(line()))
            self.rows.addWidget(child)


def inset(child: QWidget) -> QWidget:
    """The widget with a card's side margins."""
    around = QWidget()
    layout = row(child)
    layout.setContentsMargins(20, 0, 20, 0)
    around.setLayout(layout)
    return around


class Row(QWidget):
    """A row with a title and a description on the left, and controls on the right."""

    def __init__(self, text: str, about: str, *controls: QWidget, lead: QWidget | None = None) -> None:
        super().__init__()
        self.text = label(text)
        self.text.setWordWrap(True)
        self.about = label(about, "muted")
        self.about.setVisible(bool(about))
        self.about.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words = column(self.text, self.about, spacing=2)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(20, 11, 20, 11)
        layout.setSpacing(12)
        if lead is not None:
            layout.addWidget(lead, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(words, 1)
        for child in controls:
            layout.addWidget(child, 0, Qt.AlignmentFlag.AlignVCenter)
        if len(controls) == 1:
            self.text.setBuddy(controls[0])

    def explain(self, about: str) -> None:
        self.about.setText(about)
        self.about.setVisible(bool(about))


class Plain(QWidget):
    """A row of a card with any content."""

    def __init__(self, *parts: QWidget | QLayout | int, spacing: int = 10) -> None:
        super().__init__()
        layout = column(*parts, spacing=spacing)
        layout.setContentsMargins(20, 10, 20, 12)
        self.setLayout(layout)


class Sign(QLabel):
    """An icon for a state: "success", "warning", "error" or "info"; its color follows the theme."""

    def __init__(self, kind: str, words: str) -> None:
        super().__init__()
        self.kind = kind
        self.setAccessibleName(words)
        self.setToolTip(words)
        self.setFixedSize(20, 20)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._draw()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 - Qt's name
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw()

    def _draw(self) -> None:
        colors = theme.colors()
        color = {"success": colors.success, "warning": colors.warning, "error": colors.error}.get(
            self.kind, colors.accent
        )
        self.setPixmap(icon(self.kind, color).pixmap(QSize(20, 20), self.devicePixelRatioF()))


class Note(QFrame):
    """A highlighted line in a card."""

    def __init__(self, kind: str, words: str) -> None:
        super().__init__()
        self.setProperty("role", "note")
        self.text = label(words, "muted")
        layout = row(Sign(kind, words), self.text, spacing=10)
        layout.setAlignment(self.text, Qt.AlignmentFlag.AlignVCenter)
        layout.setStretch(1, 1)
        self.setLayout(layout)
