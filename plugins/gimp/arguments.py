"""The drawing options as arguments of the procedures: what a script writes, and what GIMP's dialog shows."""

from __future__ import annotations

from typing import Any

from gi.repository import Gimp, GObject

from engine.api.language import translate
from engine.api.options import LARGEST_SHOWN, Option, options_for

_RW = GObject.ParamFlags.READWRITE
_OWN = "own"
"""The choice that stands for the model's own."""


def add(procedure: Gimp.Procedure, kind: type) -> None:
    """An argument for each option of the dataclass that GIMP shows, in the order of declaration."""
    for option in options_for("gimp", kind):
        if option.choices:
            _add_choice(procedure, option)
        else:
            _add_number(procedure, option)


def read(config: Gimp.ProcedureConfig, kind: type) -> dict[str, Any]:
    """The options' names -> values, of those that the procedure takes."""
    taken = {spec.get_name() for spec in config.list_properties()}
    options = [one for one in options_for("gimp", kind) if one.name in taken]
    return {one.name: _value(one, config.get_property(one.name)) for one in options}


def names(kind: type, first: bool) -> list[str]:
    """The arguments that the dialog shows at once, or those under More."""
    return [one.name for one in options_for("gimp", kind) if one.first == first]


def _add_choice(procedure: Gimp.Procedure, option: Option) -> None:
    choices = Gimp.Choice.new()
    if option.optional:
        choices.add(_OWN, 0, translate("model default"), "")
    for number, choice in enumerate(option.choices, 1):
        choices.add(choice.value, number, choice.title, choice.tooltip)
    default = option.default or _OWN
    procedure.add_choice_argument(option.name, option.mnemonic_title, option.tooltip, choices, default, _RW)


def _add_number(procedure: Gimp.Procedure, option: Option) -> None:
    hint, own = option.tooltip, _own(option)
    if option.optional:
        hint += "; " + (translate("0: model default") if own == 0 else translate("below 0: model default"))
    least = own if option.optional else option.least or 0
    most = LARGEST_SHOWN if option.most is None else min(option.most, LARGEST_SHOWN)
    default = own if option.default is None else option.default
    adds = procedure.add_int_argument if option.type is int else procedure.add_double_argument
    adds(option.name, option.mnemonic_title, hint, option.type(least), option.type(most), option.type(default), _RW)


def _own(option: Option) -> int:
    """The number that stands for the model's own."""
    return 0 if (option.least or 0) > 0 else -1


def _value(option: Option, value: Any) -> Any:  # noqa: ANN401 - an option's value
    if not option.optional:
        return value
    own = value == _OWN if option.choices else value < 0 or value == _own(option)
    return None if own else value
