"""The drawing options as arguments of the procedures, for scripts and for GIMP's dialog."""

from __future__ import annotations

from typing import Any

from gi.repository import Gimp, GObject

from engine.api.language import translate
from engine.api.options import LARGEST_SHOWN, Option, options_for

_RW = GObject.ParamFlags.READWRITE
_DEFAULT = "own"
"""The choice that stands for the model's default."""


def add(procedure: Gimp.Procedure, kind: type) -> None:
    """Adds an argument for each option of the dataclass that GIMP shows, in declaration order."""
    for option in options_for("gimp", kind):
        if option.choices:
            _add_choice(procedure, option)
        else:
            _add_number(procedure, option)


def read(config: Gimp.ProcedureConfig, kind: type) -> dict[str, Any]:
    """Option names -> values, for the options that the procedure accepts."""
    arguments = {spec.get_name() for spec in config.list_properties()}
    options = [one for one in options_for("gimp", kind) if one.name in arguments]
    return {one.name: _value(one, config.get_property(one.name)) for one in options}


def names(kind: type, first: bool) -> list[str]:
    """Names of the arguments that the dialog shows at the top, or of those under More."""
    return [one.name for one in options_for("gimp", kind) if one.first == first]


def _add_choice(procedure: Gimp.Procedure, option: Option) -> None:
    choices = Gimp.Choice.new()
    if option.optional:
        choices.add(_DEFAULT, 0, translate("model default"), "")
    for number, choice in enumerate(option.choices, 1):
        choices.add(choice.value, number, choice.title, choice.tooltip)
    default = option.default or _DEFAULT
    procedure.add_choice_argument(option.name, option.mnemonic_title, option.tooltip, choices, default, _RW)


def _add_number(procedure: Gimp.Procedure, option: Option) -> None:
    hint, default_number = option.tooltip, _default_number(option)
    if option.optional:
        hint += "; " + (translate("0: model default") if default_number == 0 else translate("below 0: model default"))
    least = default_number if option.optional else option.least or 0
    most = LARGEST_SHOWN if option.most is None else min(option.most, LARGEST_SHOWN)
    default = default_number if option.default is None else option.default
    add_argument = procedure.add_int_argument if option.type is int else procedure.add_double_argument
    add_argument(
        option.name, option.mnemonic_title, hint, option.type(least), option.type(most), option.type(default), _RW
    )


def _default_number(option: Option) -> int:
    """The number that stands for the model's default."""
    return 0 if (option.least or 0) > 0 else -1


def _value(option: Option, value: Any) -> Any:  # noqa: ANN401 - an option's value
    if not option.optional:
        return value
    is_default = value == _DEFAULT if option.choices else value < 0 or value == _default_number(option)
    return None if is_default else value
