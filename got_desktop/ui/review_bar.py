"""The review of a run's candidates: compare them with the original, choose one, accept or discard it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QFrame, QHBoxLayout, QToolButton

from got_desktop.model.figures import decimal
from got_desktop.model.raster import Difference
from got_desktop.model.results import Results
from got_desktop.ui.controls import Segments, button, column, label, row, tool

_THUMBNAIL = QSize(64, 64)


class ReviewBar(QFrame):
    chosen = Signal(int)
    mode_requested = Signal(str)
    accepted = Signal()
    dismissed = Signal()
    compared = Signal()
    """The user clicked a candidate or a way to compare."""
    seed_requested = Signal(int)
    """The seed of the current candidate, to be reused."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "bottom")
        self.setAccessibleName(self.tr("Results"))
        self._group = QButtonGroup(self)
        self._pictures = QHBoxLayout()
        self._pictures.setSpacing(6)
        self.index = 0
        self.count = 0
        self.mode = Segments(
            self.tr("Show"),
            [
                ("all", self.tr("All")),
                ("after", self.tr("After")),
                ("before", self.tr("Before")),
                ("slider", self.tr("Slider")),
                ("heat", self.tr("Heat map")),
            ],
        )
        self.mode.explain("all", self.tr("All candidates side by side"))
        self.mode.chosen.connect(self.mode_requested)
        self.mode.chosen.connect(lambda _: self.compared.emit())
        self.figure = label("", "muted")
        self.reuse = tool("reuse", self.tr("Reuse this seed"), self._reuse)
        self._seeds: list[int] = []
        accept = button(self.tr("Accept as layer"), self.accepted.emit, "primary", self.tr("Enter"))
        self.discard = button(self.tr("Discard"), self.dismissed.emit)
        self.accept = accept
        self._pictures.addStretch(1)
        last = row(self.reuse, 1, self.discard, accept, spacing=8)
        layout = column(self._pictures, row(self.mode, 1), self.figure, last, spacing=8)
        layout.setContentsMargins(10, 8, 10, 8)
        self.setLayout(layout)

    @property
    def thumbnails(self) -> list[QAbstractButton]:
        """The candidates' buttons."""
        return self._group.buttons()

    def show_results(self, results: Results) -> None:
        """Fills the bar and selects the candidate to look at first."""
        for old in self._group.buttons():
            self._group.removeButton(old)
            self._pictures.removeWidget(old)
            old.deleteLater()
        self.count, self.index = len(results.candidates), 0
        self._seeds = [candidate.seed for candidate in results.candidates]
        for number, candidate in enumerate(results.candidates):
            picture = QPixmap()
            picture.loadFromData(candidate.thumbnail)
            thumbnail = QToolButton()
            thumbnail.setIcon(QIcon(picture))
            thumbnail.setIconSize(_THUMBNAIL)
            thumbnail.setCheckable(True)
            thumbnail.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            name = self.tr("Candidate {number}").format(number=number + 1)
            thumbnail.setAccessibleName(name)
            thumbnail.setToolTip(f"{name} ({number + 1}), " + self.tr("seed {seed}").format(seed=candidate.seed))
            thumbnail.clicked.connect(lambda _=False, number=number: self.choose(number))
            thumbnail.clicked.connect(self.compared)
            self._group.addButton(thumbnail)
            thumbnail.setVisible(len(results.candidates) > 1)
            self._pictures.insertWidget(number, thumbnail)
        new = results.candidates[0].base is not None
        for mode in ("before", "slider", "heat"):
            self.mode.enable(mode, not new)
        self.accept.setText(self.tr("Accept as picture") if new else self.tr("Accept as layer"))
        self.accept.setAccessibleName(self.accept.text())
        self.mode.show_choice("all", self.count > 1)
        self.show_mode("all" if self.count > 1 else "after")
        self.show_difference(None)
        self.choose(results.chosen)

    def show_mode(self, mode: str) -> None:
        self.mode.choose(mode)
        self.mode_requested.emit(mode)

    def choose(self, index: int) -> None:
        if not 0 <= index < self.count:
            return
        self.index = index
        self._group.buttons()[index].setChecked(True)
        self.reuse.setToolTip(f"{self.reuse.accessibleName()}: {self._seeds[index]}")
        self.chosen.emit(index)

    def _reuse(self) -> None:
        self.seed_requested.emit(self._seeds[self.index])

    def show_difference(self, difference: Difference | None) -> None:
        self.figure.setVisible(difference is not None)
        self.figure.setText(
            self.tr("{all} % of the picture changed; soft border {border} %, beyond it {spill} %").format(
                all=decimal(difference.changed, 1),
                border=decimal(difference.border, 2),
                spill=decimal(difference.spill, 2),
            )
            if difference
            else ""
        )
