"""The docker's settings under "more": how is drawn. They are kept between two starts of Krita."""

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
    """Model and adapter, and every drawing option that Krita shows."""

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
        """The options' names -> values."""
        return {one.name: _value(one, self.fields[one.name]) for one in self.options}

    def settings(self) -> Settings:
        """What is chosen; it is kept at once."""
        self._save()
        model, adapter = self.model.currentData(), self.adapter.currentData() or None
        return with_values(Settings(model=model, adapter=adapter), self.values())

    def show_catalog(self, models: tuple[str, ...], adapters: tuple[str, ...]) -> None:
        """What the engine has, with the present choice kept where it is still there."""
        for combo, names in ((self.model, models), (self.adapter, ("", *adapters))):
            chosen = combo.currentData()
            combo.clear()
            for name in names:
                combo.addItem(name or translate("none"), name)
            combo.setCurrentIndex(max(0, combo.findData(chosen)))

    def _load(self) -> None:
        for name, combo in (("model", self.model), ("adapter", self.adapter)):
            kept = _kept(name, combo.currentData())
            if combo.findData(kept) < 0:
                combo.addItem(kept, kept)
            combo.setCurrentIndex(combo.findData(kept))
        for one in self.options:
            field = self.fields[one.name]
            if one.choices:
                field.setCurrentIndex(max(0, field.findData(_kept(one.name, field.currentData()))))
            else:
                field.setValue(type(field.value())(float(_kept(one.name, str(field.value())))))

    def _save(self) -> None:
        for name, combo in (("model", self.model), ("adapter", self.adapter)):
            keep(name, combo.currentData())
        for one in self.options:
            field = self.fields[one.name]
            keep(one.name, field.currentData() if one.choices else str(field.value()))


def keep(name: str, value: str) -> None:
    """Notes a setting in Krita's own configuration."""
    Krita.instance().writeSetting(_GROUP, name, value)


def _kept(name: str, default: str) -> str:
    return Krita.instance().readSetting(_GROUP, name, default)


def _field(one: Option) -> QtWidgets.QWidget:
    """A field for an option, with its default."""
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
    """At first at its least value, which for an optional one means the model's own."""
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


def button(text: str, hint: str, pressed: Callable[[], None]) -> QtWidgets.QPushButton:
    """A button with what it does as its tool tip."""
    made = QtWidgets.QPushButton(text)
    made.setToolTip(hint)
    made.setAccessibleName(hint)
    made.clicked.connect(lambda _=False: pressed())
    return made
