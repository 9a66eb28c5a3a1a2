"""The pairs of a training: their number, skipped ones with the reason, and thumbnails with their boxes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, QUrl, Signal
from PySide6.QtGui import QColor, QDesktopServices, QIcon, QImage, QImageReader, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QScrollArea, QToolButton, QWidget

from engine.api.chain import COLORS, Chain
from got_desktop.background import Background
from got_desktop.model.training_files import DATA, PairRow, Pairs, Training
from got_desktop.ui.controls import Fold, button, column, label, row
from got_desktop.ui.pages.parts import Card, Note, Plain

_SIDE = 96
_MOST_PICTURES = 24
_MOST_FINDINGS = 500


class PairsCard(Card):
    read_again_requested = Signal()
    correct_requested = Signal()

    def __init__(self, background: Background) -> None:
        super().__init__(self.tr("Pairs"))
        self.background = background
        self.strip = Strip(self.tr("Pairs with their boxes"), _SIDE)
        self._content: object = None

    def show_training(self, training: Training) -> None:
        pairs = training.pairs
        state = (training.name, pairs, training.started)
        if state == self._content:
            return
        self._content = state
        if pairs.state == "reading":
            words = self.tr("Reading the pairs: {number} so far…").format(number=len(pairs.rows))
            self.fill(Plain(label(words)))
        elif pairs.state == "died":
            again = button(self.tr("Read the pairs again"), self.read_again_requested.emit, "primary")
            words = self.tr("Not all pairs were read: {why}").format(why=pairs.message)
            self.fill(Plain(Note("error", words), row(again, 1)))
        else:
            self._report(training)

    def _report(self, training: Training) -> None:
        pairs = training.pairs
        report = QUrl.fromLocalFile(str(training.folder / DATA / "report.html"))
        open_it = button(self.tr("Open the full report"), lambda: QDesktopServices.openUrl(report))
        counts = label(self.tr("{number} pairs to train on").format(number=len(pairs.rows)))
        parts: list[QWidget] = [self._findings(pairs)] if pairs.findings else []
        if pairs.rows:
            self.strip = Strip(self.tr("Pairs with their boxes"), _SIDE)
            parts.insert(0, self.strip)
            self._draw(self.strip, pairs.rows[:_MOST_PICTURES])
        self.correct = button(self.tr("Correct boxes and text…"), self.correct_requested.emit)
        self.correct.setEnabled(bool(pairs.rows) and not training.started)
        self.fill(Plain(row(counts, 1, self.correct, open_it), *parts, spacing=12))

    def _findings(self, pairs: Pairs) -> QWidget:
        """The number of findings by kind, and a list of all findings."""
        kinds = Counter(kind for kind, _, _ in pairs.findings)
        counts = "; ".join(f"{number} × {self.kind(kind)}" for kind, number in sorted(kinds.items()))
        lines = [f"{where}: {self.kind(kind)}{f' ({what})' if what else ''}" for kind, where, what in pairs.findings]
        text = QPlainTextEdit("\n".join(lines[:_MOST_FINDINGS]))
        text.setReadOnly(True)
        text.setAccessibleName(self.tr("Skipped or questionable pairs"))
        text.setFixedHeight(120)
        whole = QWidget()
        fold = Fold(self.tr("Skipped or questionable pairs"), text, False)
        whole.setLayout(column(Note("warning", counts), fold, spacing=4))
        return whole

    def kind(self, kind: str) -> str:
        """The kind of a finding as text."""
        return {
            "orphan": self.tr("before without after, or after without before"),
            "unreadable": self.tr("cannot be read"),
            "missing_field": self.tr("row with a missing field"),
            "wrong_size": self.tr("before and after differ in shape"),
            "broken_chain": self.tr("chain with a broken part"),
            "box_out_of_range": self.tr("box that extends beyond the picture"),
            "no_instruction": self.tr("no instruction"),
            "duplicate": self.tr("duplicate"),
            "not_understood": self.tr("the model's answer could not be used"),
            "unchanged": self.tr("no difference between before and after"),
        }.get(kind, kind)

    def _draw(self, strip: Strip, rows: tuple[PairRow, ...]) -> None:
        def show(images: list[QImage]) -> None:
            if strip is self.strip:
                strip.fill([(image, pair.instruction, pair.target) for image, pair in zip(images, rows, strict=True)])

        ratio = self.devicePixelRatioF()
        self.background.run(lambda say: [pair_picture(pair, ratio) for pair in rows], show)


class Strip(QScrollArea):
    """A strip of pictures with captions; a click opens a picture's file."""

    def __init__(self, name: str, height: int, to_end: bool = False) -> None:
        """`to_end` scrolls to the last picture."""
        super().__init__()
        self.setAccessibleName(name)
        self.to_end = to_end
        self.setProperty("role", "panel")
        self.setWidgetResizable(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFixedHeight(height + 50)
        self.pictures: list[QToolButton] = []

    def fill(self, pictures: list[tuple[QImage, str, Path]]) -> None:
        """(picture, caption, file) of each picture, from left to right."""
        content = QWidget()
        layout = QHBoxLayout(content)
        layout.setContentsMargins(0, 0, 0, 12)
        layout.setSpacing(4)
        self.pictures = [_opener(*picture) for picture in pictures]
        for one in self.pictures:
            layout.addWidget(one, 0, Qt.AlignmentFlag.AlignTop)
        layout.addStretch(1)
        bar = self.horizontalScrollBar()
        before = bar.value()
        bar.rangeChanged.connect(
            lambda least, most: bar.setValue(most if self.to_end else before),
            Qt.ConnectionType.SingleShotConnection,
        )
        self.setWidget(content)


def _opener(image: QImage, words: str, path: Path) -> QToolButton:
    opener = QToolButton()
    opener.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
    opener.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    opener.ensurePolished()  # applies the style sheet's font
    size = image.size() / image.devicePixelRatio()
    opener.setIconSize(size)
    opener.setIcon(QIcon(QPixmap.fromImage(image)))
    opener.setText(opener.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, size.width() - 6))
    opener.setFixedWidth(size.width() + 12)
    opener.setAccessibleName(words)
    opener.setToolTip(f"{words}\n{path}")
    opener.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))))
    return opener


def pair_picture(pair: PairRow, ratio: float) -> QImage:
    """Before and after side by side with the chain's boxes; runs off the UI thread."""
    sides = [scaled(path, round(_SIDE * ratio)) for path in (pair.source, pair.target) if path]
    gap = round(3 * ratio)
    width = sum(side.width() for side in sides) + gap * (len(sides) - 1)
    canvas = QImage(width, max(side.height() for side in sides), QImage.Format.Format_ARGB32_Premultiplied)
    canvas.fill(Qt.GlobalColor.transparent)
    painter = QPainter(canvas)
    left = 0
    for side in sides:
        painter.drawImage(left, 0, side)
        for region in Chain.parse(pair.chain).boxes:
            x1, y1, x2, y2 = region.box.pixels(side.width(), side.height())
            painter.setPen(QPen(QColor(*COLORS.get(region.color or "", (128, 128, 128))), 2 * ratio))
            painter.drawRect(QRectF(left + x1, y1, x2 - x1, y2 - y1))
        left += side.width() + gap
    painter.end()
    canvas.setDevicePixelRatio(ratio)
    return canvas


def scaled(path: Path, height: int) -> QImage:
    """The picture at that height; an empty image if it cannot be read."""
    reader = QImageReader(str(path))
    size = reader.size()
    if size.isValid():
        reader.setScaledSize(QSize(max(1, round(size.width() * height / size.height())), height))
    image = reader.read()
    return image if not image.isNull() else QImage(height, height, QImage.Format.Format_RGB32)
