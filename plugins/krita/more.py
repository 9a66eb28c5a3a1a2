"""The docker's settings under More. Krita stores them between sessions."""

from __future__ import annotations

from collections.abc import Callable

from krita import Krita

from engine.api.language import translate
from engine.api.options import Choice, Group, Option, options_for, with_values
from engine.api.protocol import EditOptions
from plugins.common.jobs import Settings
from plugins.krita.qt import Qt, QtWidgets

_GROUP = "got_desktop"
_ORDER: tuple[Group, ...] = ("run", "size", "mask", "guidance", "steps")


class More(QtWidgets.QWidget):
    """Model, adapter and every drawing option that Krita shows."""

    def __init__(self, kind: type = EditOptions) -> None:
        """`kind` is the dataclass that declares the options."""
        super().__init__()
        self.model = _choice((Choice("got-mini", "got-mini"),))
        self.adapter = _choice((Choice("", "none"),))
        self.options = options_for("krita", kind, _ORDER)
        self.fields = {one.name: _field(one) for one in self.options}
        form = QtWidgets.QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        rows = [(translate("Model"), self.model), (translate("Adapter"), self.adapter)]
        rows += [(one.title, self.fields[one.name]) for one in self.options]
        for label, widget in rows:
            widget.setAccessibleName(label)
            form.addRow(label, widget)
        self._load()

    def values(self) -> dict[str, object]:
        """Option names -> values."""
        return {one.name: _value(one, self.fields[one.name]) for one in self.options}

    def settings(self) -> Settings:
        """The current settings, which are also stored."""
        self._save()
        model, adapter = self.model.currentData(), self.adapter.currentData() or None
        return with_values(Settings(model=model, adapter=adapter), self.values())

    def show_catalog(self, models: tuple[str, ...], adapters: tuple[str, ...]) -> None:
        """Lists the engine's models and adapters; the current choice stays if it is still available."""
        for combo, names in ((self.model, models), (self.adapter, ("", *adapters))):
            current = combo.currentData()
            combo.clear()
            for name in names:
                combo.addItem(name or translate("none"), name)
            combo.setCurrentIndex(max(0, combo.findData(current)))

    def _load(self) -> None:
        for name, combo in (("model", self.model), ("adapter", self.adapter)):
            value = read_setting(name, combo.currentData())
            if combo.findData(value) < 0:
                combo.addItem(value, value)
            combo.setCurrentIndex(combo.findData(value))
        for one in self.options:
            field = self.fields[one.name]
            if one.choices:
                field.setCurrentIndex(max(0, field.findData(read_setting(one.name, field.currentData()))))
            else:
                field.setValue(type(field.value())(float(read_setting(one.name, str(field.value())))))

    def _save(self) -> None:
        for name, combo in (("model", self.model), ("adapter", self.adapter)):
            store_setting(name, combo.currentData())
        for one in self.options:
            field = self.fields[one.name]
            store_setting(one.name, field.currentData() if one.choices else str(field.value()))


def store_setting(name: str, value: str) -> None:
    """Stores a setting in Krita's own configuration."""
    Krita.instance().writeSetting(_GROUP, name, value)


def read_setting(name: str, default: str) -> str:
    """Reads a setting from Krita's own configuration."""
    return Krita.instance().readSetting(_GROUP, name, default)


def _field(one: Option) -> QtWidgets.QWidget:
    """A field for an option, set to its default."""
    field = _choice(_choices(one)) if one.choices else _number(one)
    field.setToolTip(one.tooltip)
    if one.choices:
        field.setCurrentIndex(field.findData(one.default or ""))
    elif not one.optional:
        field.setValue(one.to_display(one.default))
    return field


def _choices(one: Option) -> tuple[Choice, ...]:
    own = (Choice("", "model default"),) if one.optional else ()
    return own + one.choices


def _choice(choices: tuple[Choice, ...]) -> QtWidgets.QComboBox:
    combo = QtWidgets.QComboBox()
    for place, choice in enumerate(choices):
        combo.addItem(choice.title, choice.value)
        combo.setItemData(place, choice.tooltip, Qt.ItemDataRole.ToolTipRole)
    return combo


def _number(one: Option) -> QtWidgets.QSpinBox | QtWidgets.QDoubleSpinBox:
    """A number field that starts at its minimum, which for an optional option means the model's default."""
    box = QtWidgets.QDoubleSpinBox() if one.decimals else QtWidgets.QSpinBox()
    if one.decimals:
        box.setDecimals(one.decimals)
    least, most = one.range
    box.setRange(one.own if one.optional else least, most)
    box.setSingleStep(one.step)
    box.setSuffix(one.unit)
    if one.optional:
        box.setSpecialValueText(translate("model default"))
        box.setValue(one.own)
    return box


def _value(one: Option, field: QtWidgets.QWidget) -> object:
    return field.currentData() or None if one.choices else one.from_display(field.value())


def button(text: str, hint: str, on_click: Callable[[], None]) -> QtWidgets.QPushButton:
    """A button with a tooltip."""
    widget = QtWidgets.QPushButton(text)
    widget.setToolTip(hint)
    widget.setAccessibleName(hint)
    widget.clicked.connect(lambda _=False: on_click())
    return widget
