"""Drawing options: fields built from their declarations, and special ones for model, adapter, size and seed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QLayout, QSpinBox, QVBoxLayout, QWidget

from engine.api.options import Group, Option, options_for, value_of
from engine.api.protocol import GenerateOptions
from got_desktop.model.session import Session
from got_desktop.model.settings import Drawing, paper_values
from got_desktop.ui.controls import Choice, Fold, button, column, decimal, label, number, quiet, row, tool
from got_desktop.ui.option_fields import OptionField, option_field, option_label

_RESULT: tuple[Group, ...] = ("mask", "size", "run")
_GUIDANCE: tuple[Group, ...] = ("guidance", "steps")
Row = tuple[QLabel, QWidget | QLayout]


class DrawingPanel(QWidget):
    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session, self.preferences = session, session.preferences
        self.fields: dict[str, OptionField] = {}
        """The fields by option name."""
        self.labels: dict[str, QLabel] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(Fold(self.tr("Result"), self._result(), True))
        layout.addWidget(Fold(self.tr("Model"), self._model(), True))
        layout.addWidget(Fold(self.tr("Guidance and steps"), self._guidance(), False))
        session.preferences.changed.connect(self._show)
        session.link.offer_changed.connect(self._show)
        self._show()

    # building

    def _result(self) -> QWidget:
        return _grid(*self._rows(_RESULT))

    def _guidance(self) -> QWidget:
        paper = button(
            self.tr("Paper values"), self._paper, tip=self.tr("The values that the authors of the method used")
        )
        own = button(self.tr("Model defaults"), self._own, tip=self.tr("The values that the model recommends"))
        guidance = QWidget()
        guidance.setLayout(column(_grid(*self._rows(_GUIDANCE)), row(own, paper)))
        return guidance

    def _rows(self, groups: tuple[Group, ...]) -> list[Row]:
        """One row for each option that the app shows; width and height share one, and the seed has buttons."""
        rows: list[Row] = []
        for option in options_for("app", type(self.preferences.drawing), groups):
            if option.name == "width":
                rows.append(self._size())
            elif option.name != "height":
                field = self._field(option)
                rows.append((self.labels[option.name], self._seed(field) if option.name == "seed" else field))
        return rows

    def _field(self, option: Option) -> OptionField:
        field = option_field(option)
        field.changed.connect(lambda value: self.preferences.draw_with(**{option.name: value}))
        self.fields[option.name], self.labels[option.name] = field, option_label(option, field)
        return field

    def _seed(self, field: OptionField) -> QLayout:
        field.setMinimumWidth(56)
        self.lock = tool("lock", self.tr("Lock the seed"), checkable=True)
        self.lock.toggled.connect(self._lock)
        next_seed = tool("plus", self.tr("Next seed"), lambda: self._change_seed(Drawing.with_next_seed))
        dice = tool("dice", self.tr("Random seed"), lambda: self._change_seed(Drawing.with_any_seed))
        return row(field, self.lock, next_seed, dice, spacing=4)

    def _size(self) -> Row:
        self.size_boxes = {}
        for option in options_for("app", GenerateOptions, ["size"]):
            spin = number(int(option.own), int(option.range[1]), option.title)
            spin.setMinimumWidth(70)
            spin.setSingleStep(option.multiple)
            spin.setSpecialValueText(self.tr("own"))
            spin.setKeyboardTracking(False)  # sizes are rounded, which would disturb typing
            spin.valueChanged.connect(lambda value, option=option: self._side(option, value))
            self.size_boxes[option.name] = spin
        self.size_label, self.size_box = label(self.tr("Size")), QWidget()
        self.size_box.setLayout(row(self.size_boxes["width"], label("×"), self.size_boxes["height"]))
        return self.size_label, self.size_box

    def _model(self) -> QWidget:
        self.model = Choice(elastic=True)
        self.model.setAccessibleName(self.tr("Model"))
        self.model.activated.connect(lambda: self.preferences.draw_with(model=self.model.currentText()))
        self.adapter = Choice(elastic=True)
        self.adapter.setAccessibleName(self.tr("Adapter"))
        self.adapter.activated.connect(self._use_adapter)
        self.weight = decimal(-4, 4, 0.1, self.tr("Adapter weight"))
        self.weight.valueChanged.connect(lambda value: self.preferences.draw_with(adapter_weight=value))
        return _grid(
            (label(self.tr("Model"), buddy=self.model), self.model),
            (label(self.tr("Adapter"), buddy=self.adapter), self.adapter),
            (label(self.tr("Weight"), buddy=self.weight), self.weight),
        )

    # user actions

    def _change_seed(self, change: Callable[[Drawing], Drawing]) -> None:
        self.preferences.configure(drawing=change(self.preferences.drawing))

    def _lock(self, on: bool) -> None:
        self.preferences.draw_with(seed_locked=on)

    def _side(self, option: Option, value: int) -> None:
        self.preferences.draw_with(**{option.name: option.from_display(value - value % option.multiple)})

    def _use_adapter(self) -> None:
        self.preferences.draw_with(adapter=self.adapter.currentData() or "")

    def _paper(self) -> None:
        self.preferences.draw_with(**paper_values(self.preferences.drawing.task))

    def _own(self) -> None:
        own = [
            next_seed.name
            for next_seed in options_for("app", type(self.preferences.drawing), _GUIDANCE)
            if next_seed.optional
        ]
        self.preferences.draw_with(**dict.fromkeys(own))

    # following the session

    def _show(self) -> None:
        drawing, defaults = self.preferences.drawing, self.preferences.defaults
        for name, field in self.fields.items():
            field.show_value(value_of(drawing, field.option), defaults.get(name))
            for part in (field, self.labels[name]):
                part.setVisible(drawing.uses(field.option))
        with quiet(*self.findChildren(QSpinBox), *self.findChildren(QComboBox), self.weight, self.lock):
            self.lock.setChecked(drawing.seed_locked)
            for name, spin in self.size_boxes.items():
                spin.setValue(getattr(drawing, name) or 0)
            self._show_model()
        for widget in (self.size_box, self.size_label):
            widget.setVisible(drawing.new_picture)
        tip = self.tr("Each run uses the same seed") if drawing.seed_locked else self.tr("Each run uses a new seed")
        self.lock.setToolTip(tip)

    def _show_model(self) -> None:
        drawing, offer = self.preferences.drawing, self.session.link.offer
        names = [model.name for model in offer.models]
        self.model.clear()
        self.model.addItems(names if drawing.model in names else [drawing.model, *names])
        self.model.setCurrentText(drawing.model)
        self.adapter.clear()
        self.adapter.addItem(self.tr("none"), "")
        for adapter in offer.adapters:
            self.adapter.addItem(adapter.name, adapter.name)
        self.adapter.setCurrentIndex(max(0, self.adapter.findData(drawing.adapter)))
        self.weight.show_value(drawing.adapter_weight)
        self.weight.setEnabled(bool(drawing.adapter))


def _grid(*rows: Row) -> QWidget:
    """A grid with labels and fields in two columns."""
    area = QWidget()
    grid = QGridLayout(area)
    grid.setContentsMargins(2, 0, 0, 4)
    grid.setHorizontalSpacing(6)
    grid.setVerticalSpacing(6)
    grid.setColumnMinimumWidth(0, 74)
    grid.setColumnStretch(1, 1)
    for place, (text, field) in enumerate(rows):
        grid.addWidget(text, place, 0)
        if isinstance(field, QWidget):
            grid.addWidget(field, place, 1)
        else:
            grid.addLayout(field, place, 1)
    return area
