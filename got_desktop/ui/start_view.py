"""What the canvas' place holds while nothing is open: how to begin."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QFrame, QGridLayout, QSizePolicy, QToolButton, QVBoxLayout

from got_desktop.model.samples import samples
from got_desktop.model.session import Session
from got_desktop.ui.controls import button, column, frame, label


class StartView(QFrame):
    open_asked = Signal()
    sample_asked = Signal(object)
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
            one = QToolButton()
            one.setIcon(QIcon(str(sample.image)))
            one.setIconSize(QSize(144, 144))
            one.setText(sample.image.stem)
            one.setToolTip(sample.instruction)
            one.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            one.setAccessibleName(self.tr("Sample picture: {name}").format(name=sample.image.stem))
            one.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            one.clicked.connect(lambda _=False, sample=sample: self.sample_asked.emit(sample))
            grid.addWidget(one, 0, place)
        body = column(
            label(self.tr("Say what should change"), "title"),
            label(
                self.tr(
                    "Open a picture, or drop or paste one here. You see what the model understood, as words and red"
                    " boxes, and correct it before anything is drawn."
                ),
                "muted",
            ),
            button(self.tr("Open a picture…"), self.open_asked.emit, "primary"),
            label(
                self.tr("Or try one of these: the model that comes with the program edits picture-book scenes."),
                "muted",
            ),
            grid,
            spacing=14,
        )
        body.setContentsMargins(28, 26, 28, 26)
        card.setLayout(body)
        layout = QVBoxLayout(self)
        layout.addStretch(1)
        layout.addWidget(card, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(1)
