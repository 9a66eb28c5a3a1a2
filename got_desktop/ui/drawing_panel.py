"""How a picture is drawn: model, adapter, scope, candidates, seed, guidance scales, steps, scheduler."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QLabel,
    QLayout,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.api.protocol import MAX_CANDIDATES, MAX_GROW, SCHEDULERS
from got_desktop.model import figures
from got_desktop.model.session import Session
from got_desktop.model.settings import LARGEST_SEED, PAPER_SCALES, PAPER_STEPS, SCOPES, Drawing
from got_desktop.ui.controls import (
    Choice,
    Decimal,
    Fold,
    SlidNumber,
    button,
    column,
    decimal,
    label,
    number,
    quiet,
    row,
    tool,
)

_MOST_SCALE = 15.0
_MOST_FEATHER = 50
"""Per cent that the slider reaches; the field beside it takes more."""
_MOST_SHOWN_GROW = 100
_OWN = -0.1
"""The spin boxes' lowest value stands for the model's own."""


class DrawingPanel(QWidget):
    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session, self.preferences = session, session.preferences
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
        self.scope = Choice()
        names = {
            "boxes": self.tr("Boxes only"),
            "spill": self.tr("Boxes and spill"),
            "whole": self.tr("Whole picture"),
        }
        tips = {
            "boxes": self.tr("Nothing outside the boxes changes"),
            "spill": self.tr("Shadows and reflections beside the boxes are kept too"),
            "whole": self.tr("The picture is taken as it was drawn"),
        }
        for scope in SCOPES:
            self.scope.addItem(names[scope], scope)
            self.scope.setItemData(self.scope.count() - 1, tips[scope], Qt.ItemDataRole.ToolTipRole)
        self.scope.activated.connect(lambda: self.preferences.draw_with(scope=self.scope.currentData()))
        self.candidates = number(1, MAX_CANDIDATES, self.tr("Candidates"))
        self.candidates.valueChanged.connect(lambda value: self.preferences.draw_with(candidates=value))
        self.seed = number(0, LARGEST_SEED, self.tr("Seed"))
        self.seed.setMinimumWidth(84)
        self.seed.valueChanged.connect(lambda value: self.preferences.draw_with(seed=value))
        self.lock = tool("lock", self.tr("Keep the seed"), checkable=True)
        self.lock.toggled.connect(self._lock)
        one = tool("plus", self.tr("Next seed"), lambda: self._reseed(Drawing.with_next_seed))
        dice = tool("dice", self.tr("Another seed"), lambda: self._reseed(Drawing.with_any_seed))
        self.width_box = number(56, 4096, self.tr("Width"))
        self.height_box = number(56, 4096, self.tr("Height"))
        for spin, name in ((self.width_box, "width"), (self.height_box, "height")):
            spin.setMinimumWidth(70)
            spin.setSingleStep(8)
            spin.setSpecialValueText(self.tr("own"))
            spin.setKeyboardTracking(False)  # a size is rounded, and so would be what is half typed
            spin.valueChanged.connect(lambda value, name=name: self._side(name, value))
        self.size_label = label(self.tr("Size"))
        self.size_box = QWidget()
        self.size_box.setLayout(row(self.width_box, label("×"), self.height_box))
        self.scope_label = label(self.tr("Scope"))
        self.feather_label, self.grow_label = label(self.tr("Feather")), label(self.tr("Grow"))
        self.feather = SlidNumber(self.tr("Feather"), _MOST_FEATHER, 100, " %")
        self.feather.setToolTip(self.tr("Width of the soft border, in per cent of the box's diagonal"))
        self.feather.changed.connect(lambda value: self.preferences.draw_with(feather=value / 100))
        self.grow = SlidNumber(self.tr("Grow"), _MOST_SHOWN_GROW, int(MAX_GROW), " px")
        self.grow.setToolTip(self.tr("Pixels around a box that are taken in full before the soft border begins"))
        self.grow.changed.connect(lambda value: self.preferences.draw_with(grow=float(value)))
        return _grid(
            (self.scope_label, self.scope, self.tr("Scope")),
            (self.feather_label, self.feather, ""),
            (self.grow_label, self.grow, ""),
            (self.size_label, self.size_box, ""),
            (label(self.tr("Candidates")), self.candidates, self.tr("Candidates")),
            (label(self.tr("Seed")), row(self.seed, self.lock, one, dice), ""),
        )

    def _model(self) -> QWidget:
        self.model = Choice()
        self.model.activated.connect(lambda: self.preferences.draw_with(model=self.model.currentText()))
        self.adapter = Choice()
        self.adapter.activated.connect(self._adapter_chosen)
        self.weight = decimal(-4, 4, 0.1, self.tr("Adapter's weight"))
        self.weight.valueChanged.connect(lambda value: self.preferences.draw_with(adapter_weight=value))
        return _grid(
            (label(self.tr("Model")), self.model, self.tr("Model")),
            (label(self.tr("Adapter")), self.adapter, self.tr("Adapter")),
            (label(self.tr("Weight")), self.weight, self.tr("Adapter's weight")),
        )

    def _guidance(self) -> QWidget:
        self.scales: dict[str, tuple[QSlider, Decimal]] = {}
        names = {
            "semantic": (self.tr("Semantic"), self.tr("How hard the plan's meaning pulls")),
            "spatial": (self.tr("Spatial"), self.tr("How hard the boxes pull")),
            "reference": (self.tr("Reference"), self.tr("How hard the picture that is edited pulls")),
        }
        rows = []
        for name, (text, tip) in names.items():
            slider = QSlider(Qt.Orientation.Horizontal)
            spin = decimal(_OWN, 100, 0.5, self.tr("{name} guidance").format(name=text))
            slider.setRange(0, int(10 * _MOST_SCALE))
            spin.setDecimals(1)
            spin.setFixedWidth(64)
            slider.setAccessibleName(self.tr("{name} guidance, slider").format(name=text))
            for widget in (slider, spin):
                widget.setToolTip(tip)
            slider.valueChanged.connect(lambda value, name=name: self.preferences.draw_with(**{name: value / 10}))
            spin.valueChanged.connect(lambda value, name=name: self._scale(name, value))
            self.scales[name] = (slider, spin)
            rows.append((label(text), row(slider, spin), ""))
        self.steps = number(0, 1000, self.tr("Steps"))
        self.steps.valueChanged.connect(lambda value: self.preferences.draw_with(steps=value or None))
        self.scheduler = Choice()
        self.scheduler.addItem("", None)
        for scheduler in SCHEDULERS:
            self.scheduler.addItem(scheduler, scheduler)
        self.scheduler.activated.connect(lambda: self.preferences.draw_with(scheduler=self.scheduler.currentData()))
        paper = button(self.tr("Paper's values"), self._paper, tip=self.tr("What the method's authors drew with"))
        own = button(self.tr("Model's own"), self._own, tip=self.tr("What the model says it draws best with"))
        grid = _grid(
            *rows,
            (label(self.tr("Steps")), self.steps, self.tr("Steps")),
            (label(self.tr("Scheduler")), self.scheduler, self.tr("Scheduler")),
        )
        made = QWidget()
        made.setLayout(column(grid, row(own, paper)))
        return made

    # what the user does

    def _reseed(self, change: Callable[[Drawing], Drawing]) -> None:
        self.preferences.configure(drawing=change(self.preferences.drawing))

    def _lock(self, on: bool) -> None:
        self.preferences.draw_with(seed_locked=on)

    def _side(self, name: str, value: int) -> None:
        self.preferences.draw_with(**{name: None if value < 64 else value - value % 8})

    def _scale(self, name: str, value: float) -> None:
        self.preferences.draw_with(**{name: None if value < 0 else round(value, 1)})

    def _adapter_chosen(self) -> None:
        self.preferences.draw_with(adapter=self.adapter.currentData() or "")

    def _paper(self) -> None:
        semantic, spatial, reference = PAPER_SCALES[self.preferences.task]
        self.preferences.draw_with(
            semantic=semantic, spatial=spatial, reference=reference, steps=PAPER_STEPS, scheduler="euler"
        )

    def _own(self) -> None:
        self.preferences.draw_with(semantic=None, spatial=None, reference=None, steps=None, scheduler=None)

    # following the session

    def _show(self) -> None:
        drawing, defaults = self.preferences.drawing, self.preferences.defaults
        with quiet(*self.findChildren(QSpinBox), *self.findChildren(QComboBox), *self._doubles(), self.lock):
            self.scope.setCurrentIndex(self.scope.findData(drawing.scope))
            self.candidates.setValue(drawing.candidates)
            self.seed.setValue(min(LARGEST_SEED, drawing.seed))
            self.lock.setChecked(drawing.seed_locked)
            self.width_box.setValue(drawing.width or 0)
            self.height_box.setValue(drawing.height or 0)
            self._show_model()
            self.feather.show_value(round(100 * drawing.feather))
            self.grow.show_value(round(drawing.grow))
            for name, (slider, spin) in self.scales.items():
                own = defaults.scales[name]
                given = getattr(drawing, name)
                spin.show_value(_OWN if given is None else given, f"{figures.decimal(own, 1)} ●")
                slider.setValue(round(10 * (own if given is None else given)))
            self.steps.setSpecialValueText(self.tr("model's own ({number})").format(number=defaults.steps))
            self.steps.setValue(drawing.steps or 0)
            own_scheduler = self.tr("model's own ({name})").format(name=defaults.scheduler)
            self.scheduler.setItemText(0, own_scheduler)
            self.scheduler.setCurrentIndex(max(0, self.scheduler.findData(drawing.scheduler)))
        for widget in (self.scope, self.scope_label):
            widget.setVisible(not drawing.new_picture)
        for widget in (self.feather, self.feather_label, self.grow, self.grow_label):
            widget.setVisible(not drawing.new_picture and drawing.scope != "whole")
        for widget in (self.size_box, self.size_label):
            widget.setVisible(drawing.new_picture)
        icon_name = self.tr("Keep the seed") if drawing.seed_locked else self.tr("Each run takes another seed")
        self.lock.setToolTip(icon_name)

    def _doubles(self) -> list[QWidget]:
        return [self.weight, *(widget for pair in self.scales.values() for widget in pair)]

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


def _grid(*rows: tuple[QLabel, QWidget | QLayout, str]) -> QWidget:
    """Labels and fields in two columns; the third part is the field's accessible name."""
    made = QWidget()
    grid = QGridLayout(made)
    grid.setContentsMargins(2, 0, 0, 4)
    grid.setHorizontalSpacing(10)
    grid.setVerticalSpacing(6)
    grid.setColumnMinimumWidth(0, 74)
    grid.setColumnStretch(1, 1)
    for place, (text, field, name) in enumerate(rows):
        grid.addWidget(text, place, 0)
        if isinstance(field, QWidget):
            grid.addWidget(field, place, 1)
            if name:
                field.setAccessibleName(name)
                text.setBuddy(field)
        else:
            grid.addLayout(field, place, 1)
    return made
