"""Declarations of drawing options. Each option is declared once, as a field of a dataclass in `drawing.py`.

The checks of requests, the command line, the app, Krita, GIMP, OpenAPI, presets, history and facts are all derived from
the declaration. Standard library only, Python 3.10.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cache
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from engine.api.errors import RequestError
from engine.api.language import translate
from engine.api.notes import Note

T = TypeVar("T")
Host = Literal["cli", "app", "krita", "gimp"]
HOSTS: tuple[Host, ...] = ("cli", "app", "krita", "gimp")
Group = Literal["run", "steps", "guidance", "size", "mask"]
"""Options that a host shows together, in declaration order. Each host has its own order of groups."""
_RANGE = "Use a value from {least} to {most}."
_MULTIPLE = "Use a multiple of {multiple} from {least} to {most}."
LARGEST_SHOWN = 2**31 - 1
"""The largest number in a host's field. Requests and the command line accept larger seeds."""


@dataclass(frozen=True)
class Choice:
    """One value of an option that has only a few."""

    value: str
    label: str
    hint: str = ""

    @property
    def title(self) -> str:
        return translate(self.label)

    @property
    def tooltip(self) -> str:
        return translate(self.hint) if self.hint else ""


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option: the arguments of `option`, completed by `options_of` from the field. All texts are English."""

    label: str
    """“_” precedes the letter that GIMP's dialog underlines."""
    hint: str
    """Tooltip for the app and GIMP: a few words without a full stop."""
    help: str = ""
    """Sentences for the command line and OpenAPI. Default: the hint."""
    short: str = ""
    """Label below a heading that already says the rest. Default: the label."""
    group: Group = "run"
    hosts: tuple[Host, ...] = HOSTS
    """Hosts that show it. Requests, presets, history and facts have every option."""
    first: bool = False
    """GIMP shows it at the top, and not under More."""
    unless: tuple[str, str] | None = None
    """(name, value): it has no effect while the named option has that value."""
    flag: str = ""
    """Name on the command line. Default: derived from the option's name."""

    least: float | None = None
    most: float | None = None
    """Limits of a number: both, or neither."""
    multiple: int = 0
    """The value must be a multiple of this. 0: any value is valid."""
    code: str = ""
    """Code of the error for a value out of range. Default: derived from the name."""
    problem: str = ""
    """Message of the error for a value out of range, with the field {value}. Default: derived from the label."""

    # how a host shows a number
    percent: bool = False
    """Hosts show a fraction as a percentage; a script still passes the fraction."""
    unit: str = ""
    decimals: int = 0
    """Decimal places that hosts show."""
    step: float = 1
    """Step of a field's arrows, in displayed units."""
    slider: float | None = None
    """Upper end of a slider, in displayed units; the field next to it accepts more. None: no slider."""

    choices: tuple[Choice, ...] = ()

    # from the field
    name: str = ""
    """Name in presets, history, hosts' settings and arguments. Default: the field's name."""
    path: tuple[str, ...] = ()
    """The field's name, preceded by those of the fields that it is nested in."""
    default: Any = None
    type: type = str
    optional: bool = False
    """None is allowed and means the model's default."""

    @property
    def sentence(self) -> str:
        return self.help or f"{self.hint}."

    @property
    def mnemonic_title(self) -> str:
        """The label in the user's language, with the “_” of its mnemonic."""
        return translate(self.label)

    @property
    def title(self) -> str:
        """The label in the user's language."""
        return self.mnemonic_title.replace("_", "")

    @property
    def short_title(self) -> str:
        """The label in the user's language, below a heading that already says the rest."""
        return translate(self.short) if self.short else self.title

    @property
    def tooltip(self) -> str:
        return translate(self.hint)

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts that are translated: the English templates that the catalog of translations needs."""
        texts = [] if self.least is None else [self.problem]
        if set(self.hosts) - {"cli"}:
            texts += [self.label, self.short, self.hint]
            texts += [text for one in self.choices if one.label != one.value for text in (one.label, one.hint)]
        return tuple(filter(None, texts))

    @property
    def range(self) -> tuple[float, float]:
        """The smallest and largest number that a host's field accepts, in displayed units."""
        least = 0 if self.least is None else self.to_display(self.least)
        return least, LARGEST_SHOWN if self.most is None else min(self.to_display(self.most), LARGEST_SHOWN)

    @property
    def limits(self) -> tuple[str, str] | None:
        """The smallest and the largest valid value as they are written in a sentence; None if any number is valid."""
        if self.least is None or self.most is None:
            return None
        return f"{self.least:g}", "2^63 - 1" if self.most == 2**63 - 1 else f"{self.most:g}"

    @property
    def own(self) -> float:
        """The number below the range by which a host's field shows the model's default."""
        return self.range[0] - self.step

    def to_display(self, value: float) -> float:
        """Converts a value to displayed units."""
        number = round(100 * value if self.percent else value, self.decimals)
        return number if self.decimals else int(number)

    def from_display(self, number: float) -> float | None:
        """Converts a number in displayed units to a value."""
        if self.optional and number < self.range[0]:
            return None
        return self.type(number / 100 if self.percent else round(number, self.decimals))

    def check(self, value: float | None) -> None:
        """Raises RequestError if the value is out of range or is not a number."""
        if value is None or self.least is None or self.most is None or self.limits is None:
            return
        if self.least <= value <= self.most and (not self.multiple or value % self.multiple == 0):
            return
        number = value if isinstance(value, float) or abs(value) < 10**20 else Note.of("number", "far too large")
        raise RequestError(
            self.code or f"{self.name}_out_of_range",
            self.problem,
            _MULTIPLE if self.multiple else _RANGE,
            value=number,
            multiple=self.multiple,
            least=self.least,
            most=self.limits[1],
        )


def option(default: Any, choices: Mapping[str, tuple[str, str]] | None = None, **about: Any) -> Any:  # noqa: ANN401
    """Declares an option as a field of a dataclass; `about` are the attributes of `Option`.

    `choices`: value -> (label, hint), where the values of the field's Literal type are not self-explanatory. None as
    the default means the model's default.
    """
    labels = tuple(Choice(value, *texts) for value, texts in (choices or {}).items())
    about.setdefault("problem", f"The {about['label'].replace('_', '').lower()} is out of range: {{value}}.")
    declaration = Option(default=default, optional=default is None, choices=labels, **about)
    own = " Null: the model's default." if declaration.optional else ""
    # pydantic's names, because pydantic generates the OpenAPI description
    limits = {"ge": declaration.least, "le": declaration.most, "multiple_of": declaration.multiple or None}
    schema = {name: limit for name, limit in limits.items() if limit is not None}
    return field(default=default, metadata={"option": declaration, "description": declaration.sentence + own, **schema})


@cache
def options_of(kind: type) -> tuple[Option, ...]:
    """All options of a dataclass and of the dataclasses in its fields, in declaration order."""
    types, options = get_type_hints(kind), []
    for one in fields(kind):
        if "option" in one.metadata:
            options.append(_bound(one.metadata["option"], one.name, types[one.name]))
        elif isinstance(types[one.name], type) and is_dataclass(types[one.name]):
            options += [replace(inner, path=(one.name, *inner.path)) for inner in options_of(types[one.name])]
    return tuple(options)


def options_for(host: Host, kind: type, groups: Iterable[Group] = ()) -> list[Option]:
    """The options that a host shows, in the order of these groups; without groups, in declaration order."""
    options = [one for one in options_of(kind) if host in one.hosts]
    order = tuple(groups)
    return [one for group in order for one in options if one.group == group] if order else options


def value_of(options: object, one: Option) -> Any:  # noqa: ANN401 - an option's value
    """The value of an option in a dataclass of options."""
    for name in one.path:
        options = getattr(options, name)
    return options


def values(options: object) -> dict[str, Any]:
    """Option names -> values."""
    return {one.name: value_of(options, one) for one in options_of(type(options))}


def with_values(options: T, change: Mapping[str, Any]) -> T:
    """A copy of the dataclass with other values, each under its option's or its field's name. Raises RequestError."""
    rest, own = dict(change), {}
    for one in options_of(type(options)):
        if one.name not in rest:
            continue
        name, value = one.path[0], rest.pop(one.name)
        own[name] = with_values(own.get(name, getattr(options, name)), {one.name: value}) if one.path[1:] else value
    return replace(options, **own, **rest)  # type: ignore[type-var] - a dataclass


def arguments(kind: type, options: object) -> dict[str, Any]:
    """The fields of `kind`, a dataclass of options, with their values in another dataclass."""
    return {one.name: getattr(options, one.name) for one in fields(kind)}


def check(options: object) -> None:
    """Raises RequestError for the first value in a dataclass of options that is out of range."""
    for one in options_of(type(options)):
        one.check(value_of(options, one))


def _bound(declaration: Option, name: str, hint: Any) -> Option:  # noqa: ANN401 - any type of a field
    """Completes a declaration from its field, whose type is int, float or Literal, or one of them and None."""
    if get_origin(hint) in (Union, UnionType):
        (hint,) = [part for part in get_args(hint) if part is not type(None)]
    choices = declaration.choices
    if get_origin(hint) is Literal:
        labels = {choice.value: choice for choice in choices}
        choices = tuple(labels.get(value, Choice(value, value)) for value in get_args(hint))
        hint = str
    return replace(declaration, name=declaration.name or name, path=(name,), type=hint, choices=choices)
