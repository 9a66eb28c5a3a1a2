"""The settings of a training that matter most, as a form over its TOML file; the file itself holds all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QLineEdit, QSpinBox, QWidget

from engine.api.notes import Note
from got_desktop.model.training_files import ACTIVE, CONFIG, Training
from got_desktop.ui.controls import Choice, button, decimal, number, quiet
from got_desktop.ui.pages.parts import Card, Row

_TUNED = ("lora", "frozen")
"""Tuning in full makes a whole model, of gigabytes: who wants that writes it into the file, with a place for it."""
_WIDTH = 150


class FormCard(Card):
    value_set = Signal(str, object)
    """A key of the file and its new value."""

    def __init__(self) -> None:
        super().__init__(self.tr("Settings"))
        self.fields: dict[str, QWidget] = {}
        """By the file's key."""
        self.open_file = button(self.tr("Open the TOML file"), self._open)
        self.others = Row(self.tr("All other settings"), "", self.open_file)
        self.base = self._choice("base", (), self.tr("Base model"))
        rows = [
            self._row(self.tr("Base model"), self.tr("What the adapter is for."), self.base),
            self._row(
                self.tr("Steps"),
                self.tr("Each step learns from one batch of pairs."),
                self._whole("training.steps", 1, 1_000_000, self.tr("Steps")),
            ),
            self._row(
                self.tr("Learning rate"),
                self.tr("About 0.005 for got-mini, 0.00005 for GoT-6B."),
                self._number("training.learning_rate", 0.0, 1.0, self.tr("Learning rate")),
            ),
            self._row(
                self.tr("Pairs a step"),
                self.tr("More make it steadier and slower."),
                self._whole("training.batch_size", 1, 4096, self.tr("Pairs a step")),
            ),
            self._row(
                self.tr("Pairs at once"),
                self.tr("Less takes less memory. The pairs of a step must be a multiple of it."),
                self._whole("training.micro_batch", 1, 4096, self.tr("Pairs at once")),
            ),
            self._row(
                self.tr("Rank"),
                self.tr("How much the adapter can hold."),
                self._whole("adapter.rank", 1, 1024, self.tr("Rank")),
            ),
            *(
                self._row(text, "", self._choice(f"adapter.{part}", _TUNED, text))
                for part, text in (
                    ("planner", self.tr("Tune the planner")),
                    ("unet", self.tr("Tune the UNet")),
                    ("projectors", self.tr("Tune the projectors")),
                )
            ),
            self._row(
                self.tr("Held out"),
                self.tr("Share of the pairs that is not trained on: they show how it does. 0 holds none out."),
                self._number("validation.share", 0.0, 0.9, self.tr("Held out")),
            ),
            self._row(
                self.tr("Steps between samples"),
                self.tr("How often held-out pairs are drawn."),
                self._whole("validation.every", 1, 1_000_000, self.tr("Steps between samples")),
            ),
            self._row(
                self.tr("License of the pairs"),
                self.tr("Is written into the adapter."),
                self._text("license", self.tr("License of the pairs")),
            ),
            self.others,
        ]
        self.device = Choice()
        self.device.setAccessibleName(self.tr("Device"))
        self.device.addItem("cpu", "cpu")
        rows.append(self._row(self.tr("Device"), self.tr("What the training runs on."), self.device))
        self.fill(*rows)
        self._training: Training | None = None
        self._shown: object = None

    def show_training(self, training: Training, models: tuple[str, ...]) -> None:
        """The file's values; they can be changed as long as nothing was learnt with them."""
        self._training = training
        broken = self.tr("The file cannot be read. Open it and correct it.")
        self.others.explain(self.tr("Each has a line that explains it.") if training.config else broken)
        free = bool(training.config) and not training.begun
        for field in self.fields.values():
            field.setEnabled(free)
        self.device.setEnabled(training.standing.state not in ACTIVE)
        if (training.config, models) != self._shown:
            self._shown = (training.config, models)
            self._fill(training.config, models)

    def _fill(self, values: Mapping[str, Any], models: tuple[str, ...]) -> None:
        with quiet(*self.fields.values()):
            for name in (*models, str(values.get("base", ""))):
                if name and self.base.findData(name) < 0:
                    self.base.addItem(name, name)
            for key, value in values.items():
                field = self.fields.get(key)
                if isinstance(field, QComboBox):
                    field.setCurrentIndex(field.findData(value))
                elif isinstance(field, QSpinBox | QDoubleSpinBox):
                    field.setValue(value)
                elif isinstance(field, QLineEdit):
                    field.setText(value)

    def offer_devices(self, devices: tuple[Note, ...]) -> None:
        """A graphics card is chosen where there is one."""
        if any(device.text.startswith("cuda") for device in devices) and self.device.findData("cuda") < 0:
            self.device.addItem("cuda", "cuda")
            self.device.setCurrentIndex(1)

    # fields

    def _row(self, text: str, about: str, field: QWidget) -> Row:
        field.setFixedWidth(_WIDTH)
        return Row(text, about, field)

    def _whole(self, key: str, least: int, most: int, name: str) -> QSpinBox:
        field = number(least, most, name)
        field.setKeyboardTracking(False)
        field.valueChanged.connect(lambda value: self._set(key, value))
        self.fields[key] = field
        return field

    def _number(self, key: str, least: float, most: float, name: str) -> QDoubleSpinBox:
        share = most < 1
        field = decimal(least, most, 0.05 if share else 1e-4, name)
        field.setDecimals(2 if share else 6)
        field.setKeyboardTracking(False)
        field.valueChanged.connect(lambda value: self._set(key, value))
        self.fields[key] = field
        return field

    def _choice(self, key: str, choices: tuple[str, ...], name: str) -> QComboBox:
        field = Choice()
        field.setAccessibleName(name)
        for value in choices:
            field.addItem(self._tuned(value), value)
        field.activated.connect(lambda _: self._set(key, field.currentData()))
        self.fields[key] = field
        return field

    def _text(self, key: str, name: str) -> QLineEdit:
        field = QLineEdit()
        field.setAccessibleName(name)
        field.editingFinished.connect(lambda: self._set(key, field.text()))
        self.fields[key] = field
        return field

    def _tuned(self, value: str) -> str:
        return {"lora": self.tr("Yes"), "frozen": self.tr("No")}[value]

    def _set(self, key: str, value: object) -> None:
        if self._training is not None and self._training.config.get(key) != value:
            self.value_set.emit(key, value)

    def _open(self) -> None:
        assert self._training is not None
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._training.folder / CONFIG)))
