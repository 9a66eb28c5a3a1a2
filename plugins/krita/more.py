"""The docker's settings under "more": how is drawn. They are kept between two starts of Krita."""

from __future__ import annotations

from collections.abc import Callable

from krita import Krita

from engine.api.language import translate
from engine.api.protocol import FEATHER, GROW, MAX_GROW
from plugins.common.jobs import Settings
from plugins.krita.qt import QtWidgets

_GROUP = "got_desktop"
_SCALES = ("semantic", "spatial", "reference")
_DEFAULT = -0.5
"""One step below 0: the model's own scale."""


class More(QtWidgets.QWidget):
    """Model, adapter, candidates, seed, scope, the mask's border and guidance scales."""

    def __init__(self) -> None:
        super().__init__()
        self.model = _choice((("got-mini", "got-mini"),))
        self.adapter = _choice((("", translate("none")),))
        self.candidates = _number(1, 8, 1)
        self.seed = _number(0, 2**31 - 1, 42)
        self.scope = _choice(
            (
                ("boxes", translate("Boxes only")),
                ("spill", translate("Boxes and spill")),
                ("whole", translate("Whole picture")),
            )
        )
        self.feather = _number(0, 100, round(100 * FEATHER), " %")
        self.feather.setToolTip(translate("Width of the soft border, in per cent of the box's diagonal"))
        self.grow = _number(0, int(MAX_GROW), round(GROW), " px")
        self.grow.setToolTip(translate("Pixels around a box that are taken in full before the soft border begins"))
        self.scales = {name: _scale() for name in _SCALES}
        form = QtWidgets.QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        rows = {
            translate("Model"): self.model,
            translate("Adapter"): self.adapter,
            translate("Candidates"): self.candidates,
            translate("Seed"): self.seed,
            translate("Scope"): self.scope,
            translate("Feather"): self.feather,
            translate("Grow"): self.grow,
            translate("Semantic guidance"): self.scales["semantic"],
            translate("Spatial guidance"): self.scales["spatial"],
            translate("Reference guidance"): self.scales["reference"],
        }
        for label, widget in rows.items():
            widget.setAccessibleName(label)
            form.addRow(label, widget)
        self._fields = {"model": self.model, "adapter": self.adapter, "scope": self.scope}
        self._numbers = {
            "candidates": self.candidates,
            "seed": self.seed,
            "feather": self.feather,
            "grow": self.grow,
        }
        self._load()

    def settings(self) -> Settings:
        """What is chosen; it is kept at once."""
        self._save()
        chosen = {name: None if box.value() < 0 else box.value() for name, box in self.scales.items()}
        return Settings(
            model=self.model.currentData(),
            adapter=self.adapter.currentData() or None,
            seed=self.seed.value(),
            candidates=self.candidates.value(),
            scope=self.scope.currentData(),
            feather=self.feather.value() / 100,
            grow=float(self.grow.value()),
            **chosen,
        )

    def show_catalog(self, models: tuple[str, ...], adapters: tuple[str, ...]) -> None:
        """What the engine has, with the present choice kept where it is still there."""
        for combo, names in ((self.model, models), (self.adapter, ("", *adapters))):
            chosen = combo.currentData()
            combo.clear()
            for name in names:
                combo.addItem(name or translate("none"), name)
            combo.setCurrentIndex(max(0, combo.findData(chosen)))

    def _load(self) -> None:
        for name, combo in self._fields.items():
            kept = _kept(name, combo.currentData())
            if combo.findData(kept) < 0:
                combo.addItem(kept, kept)
            combo.setCurrentIndex(combo.findData(kept))
        for name, box in self._numbers.items():
            box.setValue(int(_kept(name, str(box.value()))))
        for name, box in self.scales.items():
            box.setValue(float(_kept(name, str(_DEFAULT))))

    def _save(self) -> None:
        for name, combo in self._fields.items():
            keep(name, combo.currentData())
        for name, box in {**self._numbers, **self.scales}.items():
            keep(name, str(box.value()))


def keep(name: str, value: str) -> None:
    """Notes a setting in Krita's own configuration."""
    Krita.instance().writeSetting(_GROUP, name, value)


def _kept(name: str, default: str) -> str:
    return Krita.instance().readSetting(_GROUP, name, default)


def _choice(items: tuple[tuple[str, str], ...]) -> QtWidgets.QComboBox:
    combo = QtWidgets.QComboBox()
    for value, label in items:
        combo.addItem(label, value)
    return combo


def _number(least: int, most: int, value: int, unit: str = "") -> QtWidgets.QSpinBox:
    box = QtWidgets.QSpinBox()
    box.setRange(least, most)
    box.setSuffix(unit)
    box.setValue(value)
    return box


def _scale() -> QtWidgets.QDoubleSpinBox:
    box = QtWidgets.QDoubleSpinBox()
    box.setRange(_DEFAULT, 100.0)
    box.setSingleStep(0.5)
    box.setSpecialValueText(translate("model's own"))
    return box


def button(text: str, hint: str, pressed: Callable[[], None]) -> QtWidgets.QPushButton:
    """A button with what it does as its tool tip."""
    made = QtWidgets.QPushButton(text)
    made.setToolTip(hint)
    made.setAccessibleName(hint)
    made.clicked.connect(lambda _=False: pressed())
    return made
