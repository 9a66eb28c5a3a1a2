"""Small widgets that the panels are built from. Each takes an accessible name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from PySide6.QtCore import QObject, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QBoxLayout,
    QButtonGroup,
    QComboBox,
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from got_desktop.ui.icons import icon

L = TypeVar("L", bound=QBoxLayout)
S = TypeVar("S", bound=QAbstractSpinBox)


def _with_focus(base: type[QWidget]) -> Callable[[QWidget, QWheelEvent], None]:
    """The wheel scrolls the page and changes a field only if the field has the focus."""

    def wheel(self: QWidget, event: QWheelEvent) -> None:
        base.wheelEvent(self, event) if self.hasFocus() else event.ignore()

    return wheel


class Choice(QComboBox):
    def __init__(self, elastic: bool = False) -> None:
        """`elastic`: as wide as there is room, so that a long name in it does not widen a panel."""
        super().__init__()
        if elastic:
            self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            self.setMinimumContentsLength(6)
            self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    wheelEvent = _with_focus(QComboBox)  # noqa: N815 - Qt's names, here and below


class Slider(QSlider):
    def __init__(self, name: str) -> None:
        """`name` is its accessible name."""
        super().__init__(Qt.Orientation.Horizontal)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    wheelEvent = _with_focus(QSlider)  # noqa: N815


def _from_default(base: type[QWidget]) -> Callable[[Any, int], None]:
    """The first step from the lowest value starts at `default`, if that is what the lowest value stands for."""

    def step_by(self: Whole | Decimal, steps: int) -> None:
        if self.default is not None and self.value() == self.minimum():
            self.setValue(self.default)  # type: ignore[arg-type] - whole where it is
        base.stepBy(self, steps)  # type: ignore[attr-defined]

    return step_by


def _both_ways(base: type[QWidget]) -> Callable[[Any], QAbstractSpinBox.StepEnabledFlag]:
    """Both arrows work where the lowest value stands for `default`."""

    def step_enabled(self: Whole | Decimal) -> QAbstractSpinBox.StepEnabledFlag:
        if self.default is not None and self.value() == self.minimum():
            return QAbstractSpinBox.StepEnabledFlag.StepUpEnabled | QAbstractSpinBox.StepEnabledFlag.StepDownEnabled
        return base.stepEnabled(self)  # type: ignore[attr-defined]

    return step_enabled


class Whole(QSpinBox):
    default: float | None = None
    """What the lowest value stands for; None: itself."""

    wheelEvent = _with_focus(QSpinBox)  # noqa: N815
    stepBy = _from_default(QSpinBox)  # noqa: N815
    stepEnabled = _both_ways(QSpinBox)  # noqa: N815


class Decimal(QDoubleSpinBox):
    """Accepts both a point and a comma as the decimal sign, because a number pad has only one of them."""

    default: float | None = None
    """What the lowest value stands for; None: itself."""

    wheelEvent = _with_focus(QDoubleSpinBox)  # noqa: N815
    stepBy = _from_default(QDoubleSpinBox)  # noqa: N815
    stepEnabled = _both_ways(QDoubleSpinBox)  # noqa: N815

    def validate(self, input: str, pos: int) -> object:  # noqa: A002
        sign = self.locale().decimalPoint()
        return super().validate(input.replace(".", sign).replace(",", sign), pos)

    def show_value(self, value: float, lowest: str = "") -> None:
        """Sets the value without disturbing typing. `lowest` is the text for the lowest value."""
        if lowest != self.specialValueText():
            self.setSpecialValueText(lowest)
        if value != self.value():
            self.setValue(value)


def label(text: str, role: str = "", buddy: QWidget | None = None) -> QLabel:
    """`role` is one of the style sheet's roles: heading, title, muted, section."""
    widget = QLabel(text)
    widget.setProperty("role", role)
    widget.setWordWrap(role in ("muted", "title"))
    if buddy is not None:
        widget.setBuddy(buddy)
    return widget


def tool(name: str, tip: str, on_click: Callable[[], object] | None = None, checkable: bool = False) -> QToolButton:
    """A button with an icon; `tip` is its tooltip and its accessible name."""
    widget = QToolButton()
    widget.setIcon(icon(name))
    widget.setIconSize(QSize(18, 18))
    widget.setToolTip(tip)
    widget.setAccessibleName(tip)
    widget.setCheckable(checkable)
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    if on_click is not None:
        widget.clicked.connect(lambda: on_click())
    return widget


def button(text: str, on_click: Callable[[], object], role: str = "", tip: str = "") -> QPushButton:
    widget = QPushButton(text)
    widget.setProperty("role", role)
    widget.setToolTip(tip)
    widget.setAccessibleName(text.replace("&", ""))
    widget.clicked.connect(lambda: on_click())
    return widget


def number(least: int, most: int, name: str) -> Whole:
    """A field for a whole number; `name` is its accessible name."""
    widget = Whole()
    widget.setRange(least, most)
    widget.setAccessibleName(name)
    return padded(widget)


def decimal(least: float, most: float, step: float, name: str) -> Decimal:
    widget = Decimal()
    widget.setRange(least, most)
    widget.setSingleStep(step)
    widget.setAccessibleName(name)
    return padded(widget)


def take_typed() -> None:
    """Accepts the text that is being typed into a number field, before the field loses the focus."""
    field = QApplication.focusWidget()
    if isinstance(field, QAbstractSpinBox):
        field.interpretText()


def padded(spin: S) -> S:
    """Adds padding, and keeps the wheel from giving the field the focus."""
    spin.lineEdit().setTextMargins(5, 0, 2, 0)
    spin.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return spin


def line() -> QFrame:
    widget = QFrame()
    widget.setProperty("role", "line")
    return widget


def frame(role: str) -> QFrame:
    widget = QFrame()
    widget.setProperty("role", role)
    return widget


def column(*parts: QWidget | QLayout | int, margin: int = 0, spacing: int = 8) -> QVBoxLayout:
    """A vertical layout; a number is a stretch."""
    return _filled(QVBoxLayout(), parts, margin, spacing)


def row(*parts: QWidget | QLayout | int, margin: int = 0, spacing: int = 6) -> QHBoxLayout:
    return _filled(QHBoxLayout(), parts, margin, spacing)


def _filled(layout: L, parts: Sequence[QWidget | QLayout | int], margin: int, spacing: int) -> L:
    layout.setContentsMargins(margin, margin, margin, margin)
    layout.setSpacing(spacing)
    for part in parts:
        if isinstance(part, int):
            layout.addStretch(part)
        elif isinstance(part, QWidget):
            layout.addWidget(part)
        else:
            layout.addLayout(part)
    return layout


def scrolled(content: QWidget, role: str = "panel") -> QScrollArea:
    """The content in a scroll area that scrolls only vertically."""
    area = QScrollArea()
    area.setProperty("role", role)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(content)
    return area


class quiet:  # noqa: N801 - reads as a statement
    """Blocks the signals of these widgets in a `with` block."""

    def __init__(self, *objects: QObject) -> None:
        self.objects = objects

    def __enter__(self) -> None:
        self.blockers = [QSignalBlocker(target) for target in self.objects]

    def __exit__(self, *outcome: object) -> None:
        for blocker in self.blockers:
            blocker.unblock()


class _Segment(QToolButton):
    """As wide as its text in bold, as it is when the segment is on: styles would add more than there is room for."""

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        self.ensurePolished()  # applies the style sheet's font
        font = self.font()
        font.setWeight(QFont.Weight.DemiBold)
        return QSize(QFontMetrics(font).horizontalAdvance(self.text()) + 13, super().sizeHint().height())


class Segments(QWidget):
    """A few choices side by side; one of them is on."""

    chosen = Signal(str)

    def __init__(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        """`choices`: (value, text)."""
        super().__init__()
        self.setAccessibleName(name)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, QToolButton] = {}
        layout = row(spacing=0)
        self.setLayout(layout)
        for value, text in choices:
            segment = _Segment()
            segment.setText(text)
            segment.setCheckable(True)
            segment.setProperty("role", "segment")
            segment.setAccessibleName(f"{name}: {text}")
            segment.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            segment.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Fixed)
            segment.clicked.connect(lambda _=False, value=value: self.chosen.emit(value))
            self._group.addButton(segment)
            self._buttons[value] = segment
            layout.addWidget(segment)

    def choose(self, value: str) -> None:
        self._buttons[value].setChecked(True)

    def explain(self, value: str, tip: str) -> None:
        self._buttons[value].setToolTip(tip)

    def enable(self, value: str, on: bool) -> None:
        self._buttons[value].setEnabled(on)

    def show_choice(self, value: str, on: bool) -> None:
        self._buttons[value].setVisible(on)


class Fold(QWidget):
    """A heading that shows or hides the content below it."""

    def __init__(self, title: str, content: QWidget, is_open: bool) -> None:
        super().__init__()
        self.content = content
        self.head = QToolButton()
        self.head.setText(title)
        self.head.setProperty("role", "fold")
        self.head.setAccessibleName(title)
        self.head.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.head.setIconSize(QSize(14, 14))
        self.head.setCheckable(True)
        self.head.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.head.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.head.toggled.connect(self._show)
        self.setLayout(column(self.head, content, spacing=4))
        self.head.setChecked(is_open)
        self._show(is_open)

    def _show(self, on: bool) -> None:
        self.content.setVisible(on)
        self.head.setIcon(icon("chevron-down" if on else "chevron"))
