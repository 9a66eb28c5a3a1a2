"""The drawing options as arguments of the procedures, for scripts and for GIMP's dialog."""

from __future__ import annotations

from typing import Any

from gi.repository import Gimp, GObject

from engine.api.errors import RequestError
from engine.api.language import translate
from engine.api.options import Option, options_for

_RW = GObject.ParamFlags.READWRITE
_NOT_VALIDATED = _RW | GObject.ParamFlags.LAX_VALIDATION | GObject.ParamFlags(1 << 8)
"""GIMP would draw with the default instead of a value that its argument does not allow, and tell nobody.

So an argument allows every value, and our own check refuses it. The last flag is GIMP_PARAM_NO_VALIDATE, whose value
the bindings have wrong: without it, GIMP itself refuses a number that is not a number, and does not say what to do.
"""
OWN_NUMBER, OWN_CHOICE = -1, ""
"""The number and the choice that stand for the model's default."""
_INT, _DOUBLE = (-(2**31), 2**31 - 1), (float("-inf"), float("inf"))


def add(procedure: Gimp.Procedure, kind: type) -> None:
    """Adds an argument for each option of the dataclass that GIMP shows, in declaration order."""
    for option in options_for("gimp", kind):
        label, hint = option.mnemonic_title, f"{option.tooltip} ({_values_line(option)})"
        if option.choices:
            procedure.add_string_argument(option.name, label, hint, option.default or OWN_CHOICE, _NOT_VALIDATED)
        else:
            add_argument = procedure.add_int_argument if option.type is int else procedure.add_double_argument
            default = option.type(OWN_NUMBER if option.default is None else option.default)
            limits = _INT if option.type is int else _DOUBLE
            add_argument(option.name, label, hint, *limits, default, _NOT_VALIDATED)


def read(config: Gimp.ProcedureConfig, kind: type) -> dict[str, Any]:
    """Option names -> values, for the options that the procedure accepts. Raises RequestError for an unknown choice.

    The request checks the numbers.
    """
    arguments = {spec.get_name() for spec in config.list_properties()}
    options = [one for one in options_for("gimp", kind) if one.name in arguments]
    return {one.name: _value(one, config.get_property(one.name)) for one in options}


def of(kind: type, first: bool) -> list[Option]:
    """The options that the dialog shows at the top, or those under More."""
    return [one for one in options_for("gimp", kind) if one.first == first]


def _values_line(option: Option) -> str:
    """Which values a script may pass."""
    if option.choices:
        values = ", ".join(choice.value for choice in option.choices)
    else:
        values = translate("{least} to {most}", least=option.limits[0], most=option.limits[1]) if option.limits else ""
    if not option.optional:
        return values
    own = OWN_CHOICE if option.choices else OWN_NUMBER
    return values + "; " + translate("{value}: model default", value=own)


def _value(option: Option, value: Any) -> Any:  # noqa: ANN401 - an option's value
    if option.optional and value == (OWN_CHOICE if option.choices else OWN_NUMBER):
        return None
    values = [choice.value for choice in option.choices]
    if values and value not in values:
        raise RequestError(
            f"{option.name}_unknown",
            "{option} “{value}” does not exist.",
            "Use one of these: {values}.",
            option=option.title,
            value=value,
            values=", ".join(values),
        )
    return value
