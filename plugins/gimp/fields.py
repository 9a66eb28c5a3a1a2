"""The dialog's fields: one for each argument. GIMP keeps them and the procedure's config equal."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gi.repository import Gimp, GimpUi, GObject, Gtk

from engine.api.language import translate
from engine.api.options import LARGEST_SHOWN, Option
from plugins.gimp import arguments


class Fields:
    """`first` are the fields at the top, `more` those under More."""

    def __init__(self, config: Gimp.ProcedureConfig, kind: type) -> None:
        """`kind` is the dataclass that declares the options."""
        self._config = config
        self.first, self.more = _grid(), _grid()
        self.instruction = GimpUi.prop_entry_new(config, "instruction", -1)
        self.instruction.set_activates_default(True)
        self._add(self.first, "instruction", self.instruction)
        self._models = self._add_names("model", [])
        self._adapters = self._add_names("adapter", [""])
        for grid, is_first in ((self.first, True), (self.more, False)):
            for option in arguments.of(kind, is_first):
                self._add(grid, option.name, self._choice(option) if option.choices else self._number(option))

    def show_catalog(self, models: Iterable[str], adapters: Iterable[str]) -> None:
        """Adds the engine's models and adapters to the lists; the chosen ones stay."""
        for store, names in ((self._models, models), (self._adapters, adapters)):
            _add_rows(store, names)

    def set_sensitive(self, on: bool) -> None:
        for grid in (self.first, self.more):
            grid.set_sensitive(on)

    def on_change(self, name: str, call: Callable[[], None]) -> None:
        """Calls a function when the value of an argument changes."""
        self._config.connect(f"notify::{name}", lambda config, spec: call())

    def _add_names(self, name: str, names: list[str]) -> Gtk.ListStore:
        """Adds a list of names with the current one; the engine's follow when it answers."""
        store = Gtk.ListStore(str, str)
        _add_rows(store, [*names, self._config.get_property(name)])
        combo = GimpUi.prop_string_combo_box_new(self._config, name, store, 0, 1)
        # "Reset" and "Load settings" may set a name that is not listed yet
        self.on_change(name, lambda: _add_rows(store, [self._config.get_property(name)]))
        self._add(self.more, name, combo)
        return store

    def _choice(self, option: Option) -> Gtk.Widget:
        store = Gtk.ListStore(str, str)
        if option.optional:
            store.append([arguments.OWN_CHOICE, translate("model default")])
        for choice in option.choices:
            store.append([choice.value, choice.title])
        return GimpUi.prop_string_combo_box_new(self._config, option.name, store, 0, 1)

    def _number(self, option: Option) -> Gtk.SpinButton:
        digits = 0 if option.type is int else max(1, option.decimals + (2 if option.percent else 0))
        step = option.step / (100 if option.percent else 1)
        least = arguments.OWN_NUMBER if option.optional else option.least or 0
        most = LARGEST_SHOWN if option.most is None else min(option.most, LARGEST_SHOWN)
        room = Gtk.Adjustment(lower=least, upper=most, step_increment=step, page_increment=10 * step)
        spin = Gtk.SpinButton(adjustment=room, digits=digits, activates_default=True)
        if option.optional:
            spin.set_update_policy(Gtk.SpinButtonUpdatePolicy.IF_VALID)  # keeps “model default”, which is not a number
            spin.connect("output", _show_own)
        both_ways = GObject.BindingFlags.BIDIRECTIONAL | GObject.BindingFlags.SYNC_CREATE
        self._config.bind_property(option.name, room, "value", both_ways)
        return spin

    def _add(self, grid: Gtk.Grid, name: str, field: Gtk.Widget) -> None:
        """Adds a row: label and field."""
        spec = self._config.find_property(name)
        label = Gtk.Label(label=spec.get_nick(), use_underline=True, xalign=0.0, mnemonic_widget=field)
        field.set_tooltip_text(spec.get_blurb())
        field.set_hexpand(True)
        row = len(grid.get_children()) // 2
        grid.attach(label, 0, row, 1, 1)
        grid.attach(field, 1, row, 1, 1)


def _grid() -> Gtk.Grid:
    return Gtk.Grid(column_spacing=6, row_spacing=4)


def _add_rows(store: Gtk.ListStore, names: Iterable[str]) -> None:
    listed = [row[0] for row in store]
    for name in names:
        if name not in listed:
            store.append([name, name or translate("none")])
            listed.append(name)


def _show_own(spin: Gtk.SpinButton) -> bool:
    """Shows the number that stands for the model's default as words."""
    if spin.get_value() != arguments.OWN_NUMBER:
        return False
    spin.set_text(translate("model default"))
    return True
