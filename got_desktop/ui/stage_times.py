"""What the time of the last run went into: a figure in the status bar, and behind it a bar for each stage."""

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
    """Of the stages, in the user's words."""
    return {
        "load": translate("Times", "Load the model"),
        "plan": translate("Times", "Plan"),
        "encode": translate("Times", "Prepare"),
        "steps": translate("Times", "Draw"),
        "decode": translate("Times", "Make pixels"),
        "composite": translate("Times", "Put together"),
    }


def details(times: Times) -> dict[str, str]:
    """What there is to say of a stage besides its time."""
    found = {}
    if times.tokens:
        words = translate("Times", "{number} tokens, {rate} a second")
        found["plan"] = words.format(number=times.tokens, rate=decimal(times.token_rate, 0))
    if times.steps:
        words = translate("Times", "{number} steps: the first {first}, the median {usual}")
        first, usual = seconds(times.steps[0]), seconds(times.usual_step)
        found["steps"] = words.format(number=len(times.steps), first=first, usual=usual)
    return found


def rows(times: Times) -> list[tuple[str, str, str]]:
    """(stage, its time, more of it) of each stage that there was."""
    named, more = names(), details(times)
    return [(named[stage], seconds(took), more.get(stage, "")) for stage, took in times.stages.items() if took]


class TimesButton(QToolButton):
    """How long the last run took; a press shows what that went into."""

    def __init__(self) -> None:
        super().__init__()
        self.times: Times | None = None
        self.setProperty("role", "quiet")
        self.setAccessibleName(self.tr("Time of the last run"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.clicked.connect(self._open)
        self.show_times(None)

    def show_times(self, times: Times | None) -> None:
        """None: nothing was run."""
        self.times = times
        self.setVisible(times is not None)
        if times is not None:
            lines = "\n".join(f"{name}: {', '.join(filter(None, told))}" for name, *told in rows(times))
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
    """Stage by stage; each bar begins where the one before it ended."""

    def __init__(self, times: Times, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("times")
        colors = theme.colors()
        self.setStyleSheet(f"#times {{ background: {colors.panel}; border: 1px solid {colors.border}; }}")
        title = self.tr("What the time went into")
        self.setAccessibleName(title)
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(7)
        taken = [took for took in times.stages.values() if took]
        for place, (name, took, more) in enumerate(rows(times)):
            grid.addWidget(label(name), place, 0)
            bar = _Bar(sum(taken[:place]) / sum(taken), taken[place] / sum(taken))
            grid.addWidget(bar, place, 1, Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(label(took), place, 2, Qt.AlignmentFlag.AlignRight)
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
    """A part of the whole; the figure beside it says the same."""

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
