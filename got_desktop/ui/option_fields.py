"""Fields for drawing options, built from their declarations."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QWidget

from engine.api.language import translate
from engine.api.options import Option
from got_desktop.model import figures
from got_desktop.ui.controls import Choice, Decimal, Slider, Whole, label, padded, quiet, row

_SLIDER_FIELD, _SLIDER_FIELD_WITH_UNIT = 64, 76
"""Width in pixels of the number field next to a slider."""


class ChoiceField(Choice):
    """A field for an option with a few possible values."""

    changed = Signal(object)
    """The new value."""

    def __init__(self, option: Option) -> None:
        super().__init__(elastic=True)
        self.option = option
        self.setAccessibleName(option.title)
        self.setToolTip(option.tooltip)
        if option.optional:
            self.addItem("", None)
        for choice in option.choices:
            self.addItem(choice.title, choice.value)
            self.setItemData(self.count() - 1, choice.tooltip, Qt.ItemDataRole.ToolTipRole)
        self.activated.connect(lambda: self.changed.emit(self.currentData()))

    def show_value(self, value: str | None, own: str | None) -> None:
        """Sets the value without emitting `changed`. `own` is the model's own value, if it is known."""
        with quiet(self):
            if self.option.optional:
                self.setItemText(0, _own_text(own))
            self.setCurrentIndex(max(0, self.findData(value)))


class NumberField(QWidget):
    """A number field, with a slider if the option declares one."""

    changed = Signal(object)
    """The new value."""

    def __init__(self, option: Option) -> None:
        super().__init__()
        self.option = option
        name = option.title
        self.spin: Whole | Decimal = padded(Decimal() if option.decimals else Whole())
        if isinstance(self.spin, Decimal):
            self.spin.setDecimals(option.decimals)
        least, most = option.range
        self.spin.setRange(option.own if option.optional else least, most)  # type: ignore[arg-type] - whole where it is
        self.spin.setSingleStep(option.step)  # type: ignore[arg-type]
        self.spin.setSuffix(option.unit)
        self.spin.setAccessibleName(name)
        self.spin.valueChanged.connect(lambda number: self.changed.emit(option.from_display(number)))
        self.slider = None if option.slider is None else self._make_slider(name, least, option.slider)
        for part in (self, self.spin, self.slider):
            if part is not None:
                part.setToolTip(option.tooltip)
        self.setFocusProxy(self.spin)
        self.setLayout(row(self.slider, self.spin) if self.slider else row(self.spin))

    def _make_slider(self, name: str, least: float, most: float) -> Slider:
        scale = 10**self.option.decimals
        self.spin.setFixedWidth(_SLIDER_FIELD_WITH_UNIT if self.option.unit else _SLIDER_FIELD)
        slider = Slider(translate("{name}, slider", name=name))
        slider.setRange(round(scale * least), round(scale * most))
        slider.valueChanged.connect(lambda place: self.changed.emit(self.option.from_display(place / scale)))
        return slider

    def show_value(self, value: float | None, own: float | None) -> None:
        """Sets the value without emitting `changed`. `own` is the model's own value, if it is known."""
        with quiet(self.spin, *([self.slider] if self.slider else [])):
            if self.option.optional:
                self._name_own(own)
            number = self.option.own if value is None else self.option.to_display(value)
            number = max(self.spin.minimum(), min(self.spin.maximum(), number))
            if number != self.spin.value():  # does not disturb typing
                self.spin.setValue(number)  # type: ignore[arg-type]
            effective = own if value is None else value
            if self.slider is not None and effective is not None:
                self.slider.setValue(round(10**self.option.decimals * self.option.to_display(effective)))

    def _name_own(self, own: float | None) -> None:
        """Names the model's own value; next to a slider, in a short form."""
        self.spin.default = None if own is None else self.option.to_display(own)
        text = _own_text(own)
        if self.slider is not None:
            text = "●" if own is None else f"{figures.decimal(self.option.to_display(own), self.option.decimals)} ●"
        if text != self.spin.specialValueText():
            self.spin.setSpecialValueText(text)


OptionField = ChoiceField | NumberField


def option_field(option: Option) -> OptionField:
    return ChoiceField(option) if option.choices else NumberField(option)


def option_label(option: Option, field: QWidget) -> QLabel:
    return label(option.short_title, buddy=field)


def _own_text(own: object) -> str:
    return translate("model default") if own is None else translate("model default ({value})", value=own)
