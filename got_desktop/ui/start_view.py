"""The start view, shown in place of the canvas while no picture is open."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QFrame, QGridLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from got_desktop.model.samples import samples
from got_desktop.model.session import Session
from got_desktop.ui.controls import button, column, frame, label, row, scrolled


class StartView(QFrame):
    open_requested = Signal()
    sample_requested = Signal(object)
    """A Sample."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.setProperty("role", "start")
        card = frame("card")
        card.setMaximumWidth(560)
        card.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        grid = QGridLayout()
        grid.setSpacing(10)
        for place, sample in enumerate(samples()):
            sample_button = QToolButton()
            sample_button.setIcon(QIcon(str(sample.image)))
            sample_button.setIconSize(QSize(84, 84))
            sample_button.setText(sample.image.stem)
            sample_button.setToolTip(sample.instruction)
            sample_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            sample_button.setAccessibleName(self.tr("Sample picture: {name}").format(name=sample.image.stem))
            sample_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            sample_button.clicked.connect(lambda _=False, sample=sample: self.sample_requested.emit(sample))
            grid.addWidget(sample_button, 0, place)
        body = column(
            label(self.tr("Say what should change"), "title"),
            label(
                self.tr(
                    "Open a picture, or drop or paste one here. The model shows what it understood in words and red"
                    " boxes, and you can correct it before anything is drawn."
                ),
                "muted",
            ),
            button(self.tr("Open a picture…"), self.open_requested.emit, "primary"),
            label(
                self.tr("Or try one of these samples. The included model edits picture-book scenes."),
                "muted",
            ),
            grid,
            spacing=14,
        )
        body.setContentsMargins(22, 24, 22, 24)
        card.setLayout(body)
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.addStretch(1)
        layout.addLayout(row(1, card, 1))
        layout.addStretch(1)
        self.setLayout(column(scrolled(inside, "start")))
