"""The time of the last run: a button in the status bar that opens a chart of the stages."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QToolButton, QWidget

from got_desktop.model.figures import decimal, seconds
from got_desktop.times import Times
from got_desktop.ui import theme
from got_desktop.ui.controls import column, label

translate = QCoreApplication.translate
_BAR = QSize(180, 10)


def names() -> dict[str, str]:
    """The stages' names for the user."""
    return {
        "load": translate("Times", "Load the model"),
        "plan": translate("Times", "Plan"),
        "encode": translate("Times", "Encode"),
        "steps": translate("Times", "Draw"),
        "decode": translate("Times", "Decode"),
        "composite": translate("Times", "Composite"),
    }


def details(times: Times) -> dict[str, str]:
    """Details of the stages besides their times."""
    texts = {}
    if times.tokens:
        words = translate("Times", "{number} tokens, {rate} per second")
        texts["plan"] = words.format(number=times.tokens, rate=decimal(times.token_rate, 0))
    if times.steps:
        words = translate("Times", "{number} steps: first {first}, median {median}")
        first, median = seconds(times.steps[0]), seconds(times.median_step)
        texts["steps"] = words.format(number=len(times.steps), first=first, median=median)
    return texts


def rows(times: Times) -> list[tuple[str, str, str]]:
    """(stage, time, details) of each stage that ran."""
    titles, more = names(), details(times)
    return [(titles[stage], seconds(time), more.get(stage, "")) for stage, time in times.stages.items() if time]


class TimesButton(QToolButton):
    """Shows how long the last run took; a click shows the time by stage."""

    def __init__(self) -> None:
        super().__init__()
        self.times: Times | None = None
        self.setProperty("role", "quiet")
        self.setAccessibleName(self.tr("Time of the last run"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.clicked.connect(self._open)
        self.show_times(None)

    def show_times(self, times: Times | None) -> None:
        """None hides the button."""
        self.times = times
        self.setVisible(times is not None)
        if times is not None:
            lines = "\n".join(f"{name}: {', '.join(filter(None, texts))}" for name, *texts in rows(times))
            self.setText(self.tr("Took {time}").format(time=seconds(sum(times.stages.values()))))
            self.setToolTip(lines)
            self.setAccessibleDescription(lines)

    def _open(self) -> None:
        if self.times is not None:
            card = TimesCard(self.times, self)
            size = card.sizeHint()
            card.move(self.mapToGlobal(QPoint(self.width() - size.width(), -size.height() - 6)))
            card.show()


class TimesCard(QFrame):
    """A chart of the stages; each bar starts where the previous one ends."""

    def __init__(self, times: Times, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("times")
        colors = theme.colors()
        self.setStyleSheet(f"#times {{ background: {colors.panel}; border: 1px solid {colors.border}; }}")
        title = self.tr("Time by stage")
        self.setAccessibleName(title)
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(7)
        durations = [seconds for seconds in times.stages.values() if seconds]
        for place, (name, time, more) in enumerate(rows(times)):
            grid.addWidget(label(name), place, 0)
            bar = _Bar(sum(durations[:place]) / sum(durations), durations[place] / sum(durations))
            grid.addWidget(bar, place, 1, Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(label(time), place, 2, Qt.AlignmentFlag.AlignRight)
            note = label(more, "muted")
            note.setWordWrap(False)
            grid.addWidget(note, place, 3)
        self.setLayout(column(label(title, "heading"), grid, margin=16, spacing=10))

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.close()
        else:
            super().keyPressEvent(event)


class _Bar(QWidget):
    """A part of the total time; the number next to it gives the same information."""

    def __init__(self, start: float, share: float) -> None:
        super().__init__()
        self.start, self.share = start, share
        self.setFixedSize(_BAR)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.colors().border))
            painter.drawRoundedRect(self.rect(), 3, 3)
            painter.setBrush(QColor(theme.colors().accent))
            wide = max(3.0, self.share * self.width())
            left = min(self.start * self.width(), self.width() - wide)
            painter.drawRoundedRect(QRectF(left, 0, wide, self.height()), 3, 3)
