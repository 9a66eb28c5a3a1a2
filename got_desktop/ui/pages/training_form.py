"""A form for a training's most important settings; its TOML file contains all of them."""

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
"""Full tuning, which writes a whole model of several gigabytes, can only be set in the file."""
_WIDTH = 150


class FormCard(Card):
    value_set = Signal(str, object)
    """A key in the file and its new value."""

    def __init__(self) -> None:
        super().__init__(self.tr("Settings"))
        self.fields: dict[str, QWidget] = {}
        """The fields by their key in the file."""
        self.open_file = button(self.tr("Open the TOML file"), self._open)
        self.others = Row(self.tr("All other settings"), "", self.open_file)
        self.base = self._choice("base", (), self.tr("Base model"))
        rows = [
            self._row(self.tr("Base model"), self.tr("The model that the adapter is trained for."), self.base),
            self._row(
                self.tr("Steps"),
                self.tr("Each step trains on one batch of pairs."),
                self._whole("training.steps", 1, 1_000_000, self.tr("Steps")),
            ),
            self._row(
                self.tr("Learning rate"),
                self.tr("About 0.005 for got-mini, 0.00005 for GoT-6B."),
                self._number("training.learning_rate", 0.0, 1.0, self.tr("Learning rate")),
            ),
            self._row(
                self.tr("Batch size"),
                self.tr("Larger batches make training steadier but slower."),
                self._whole("training.batch_size", 1, 4096, self.tr("Batch size")),
            ),
            self._row(
                self.tr("Micro-batch size"),
                self.tr("Smaller values use less memory. The batch size must be a multiple of it."),
                self._whole("training.micro_batch", 1, 4096, self.tr("Micro-batch size")),
            ),
            self._row(
                self.tr("Rank"),
                self.tr("How much the adapter can learn."),
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
                self.tr("Held-out share"),
                self.tr("Share of the pairs that is kept out of training to measure progress. 0 trains on all pairs."),
                self._number("validation.share", 0.0, 0.9, self.tr("Held-out share")),
            ),
            self._row(
                self.tr("Steps between samples"),
                self.tr("How often the held-out pairs are rendered."),
                self._whole("validation.every", 1, 1_000_000, self.tr("Steps between samples")),
            ),
            self._row(
                self.tr("License of the pairs"),
                self.tr("Stored in the adapter."),
                self._text("license", self.tr("License of the pairs")),
            ),
            self.others,
        ]
        self.device = Choice()
        self.device.setAccessibleName(self.tr("Device"))
        self.device.addItem("cpu", "cpu")
        rows.append(self._row(self.tr("Device"), self.tr("The device that the training runs on."), self.device))
        self.fill(*rows)
        self._training: Training | None = None
        self._content: object = None

    def show_training(self, training: Training, models: tuple[str, ...]) -> None:
        """Shows the file's values, which can be changed until the training has started."""
        self._training = training
        unreadable = self.tr("The file cannot be read. Open it and fix it.")
        self.others.explain(self.tr("Each setting is explained in the file.") if training.config else unreadable)
        free = bool(training.config) and not training.started
        for field in self.fields.values():
            field.setEnabled(free)
        self.device.setEnabled(training.status.state not in ACTIVE)
        if (training.config, models) != self._content:
            self._content = (training.config, models)
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
        """Adds the GPU to the devices and selects it, if there is one."""
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
            field.addItem(self._tuning_name(value), value)
        field.activated.connect(lambda _: self._set(key, field.currentData()))
        self.fields[key] = field
        return field

    def _text(self, key: str, name: str) -> QLineEdit:
        field = QLineEdit()
        field.setAccessibleName(name)
        field.editingFinished.connect(lambda: self._set(key, field.text()))
        self.fields[key] = field
        return field

    def _tuning_name(self, value: str) -> str:
        return {"lora": self.tr("Yes"), "frozen": self.tr("No")}[value]

    def _set(self, key: str, value: object) -> None:
        if self._training is not None and self._training.config.get(key) != value:
            self.value_set.emit(key, value)

    def _open(self) -> None:
        assert self._training is not None
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._training.folder / CONFIG)))
