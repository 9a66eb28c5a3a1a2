"""What a drawing option is. Each is declared once, as a field of a dataclass in `drawing.py`.

The checks of requests, the command line, the app, Krita, GIMP, OpenAPI, presets, history and facts all follow from the
declaration. Standard library only, Python 3.10.
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
"""What stands together in a host. Each host has its own order of groups; in a group, the declaration's order counts."""
_RANGE = "Use a value from {least} to {most}."
_MULTIPLE = "Use a multiple of {multiple} from {least} to {most}."
LARGEST_SHOWN = 2**31 - 1
"""What a host's field for a number holds at most; requests and the command line take larger seeds."""


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
    """One option: what `option` declares, and what `options_of` adds from the field. All texts here are English."""

    label: str
    """With “_” before the letter that GIMP's dialog underlines."""
    hint: str
    """What it does, in a few words without a full stop: the tooltip in the app and in GIMP."""
    help: str = ""
    """What it does, in sentences, for the command line and OpenAPI; else the hint."""
    short: str = ""
    """The label below a heading that says the rest of it; else the label."""
    group: Group = "run"
    hosts: tuple[Host, ...] = HOSTS
    """Where it is shown. Requests, presets, history and facts have every option."""
    first: bool = False
    """GIMP shows it at once, and not under More."""
    unless: tuple[str, str] | None = None
    """(name, value): it has no effect while that option has that value."""
    flag: str = ""
    """Of the command line; else made from the name."""

    least: float | None = None
    most: float | None = None
    """The limits of a number: both, or neither."""
    multiple: int = 0
    """A value must be a multiple of it; 0: any will do."""
    code: str = ""
    """Of the error for a value that is out of range; else made from the name."""
    problem: str = ""
    """Of a value that is out of range: the error's message, with the place {value}; else made from the label."""

    # how a host shows a number
    percent: bool = False
    """Hosts show a fraction in per cent; a script still writes the fraction."""
    unit: str = ""
    decimals: int = 0
    """Places after the decimal sign, as hosts show it."""
    step: float = 1
    """Between two values of a field's arrows, in what is shown."""
    slider: float | None = None
    """Where a slider ends, in what is shown; the field beside it takes more. None: no slider."""

    choices: tuple[Choice, ...] = ()

    # from the field
    name: str = ""
    """In presets, history, the hosts' own settings and arguments; else the field's name."""
    path: tuple[str, ...] = ()
    """The field's name, after the name of the dataclass in which it is nested."""
    default: Any = None
    type: type = str
    optional: bool = False
    """None is possible and means the model's own value."""

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
        """The label in the user's language, below a heading that says the rest of it."""
        return translate(self.short) if self.short else self.title

    @property
    def tooltip(self) -> str:
        return translate(self.hint)

    @property
    def texts(self) -> tuple[str, ...]:
        """All that is shown in the user's language: the English templates that a catalog of translations needs."""
        texts = [] if self.least is None else [self.problem]
        if set(self.hosts) - {"cli"}:
            texts += [self.label, self.short, self.hint]
            texts += [text for one in self.choices if one.label != one.value for text in (one.label, one.hint)]
        return tuple(filter(None, texts))

    @property
    def range(self) -> tuple[float, float]:
        """The least and the largest number that a host's field takes, in what is shown."""
        least = 0 if self.least is None else self.to_display(self.least)
        return least, LARGEST_SHOWN if self.most is None else min(self.to_display(self.most), LARGEST_SHOWN)

    @property
    def own(self) -> float:
        """The number below the range by which a host's field says that the value is the model's own."""
        return self.range[0] - self.step

    def to_display(self, value: float) -> float:
        """A value as the number that a host's field shows."""
        number = round(100 * value if self.percent else value, self.decimals)
        return number if self.decimals else int(number)

    def from_display(self, number: float) -> float | None:
        """The value of a number in a host's field."""
        if self.optional and number < self.range[0]:
            return None
        return self.type(number / 100 if self.percent else round(number, self.decimals))

    def check(self, value: float | None) -> None:
        """Raises RequestError where the value is out of range, and also where it is not a number."""
        if value is None or self.least is None or self.most is None:
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
            most="2^63 - 1" if self.most == 2**63 - 1 else f"{self.most:g}",
        )


def option(default: Any, choices: Mapping[str, tuple[str, str]] | None = None, **about: Any) -> Any:  # noqa: ANN401
    """A field of a dataclass that declares an option; `about` is what `Option` holds.

    `choices`: value -> (label, hint), where the values of the field's Literal type do not speak for themselves. None as
    the default is the model's own value.
    """
    labels = tuple(Choice(value, *texts) for value, texts in (choices or {}).items())
    about.setdefault("problem", f"The {about['label'].replace('_', '').lower()} is out of range: {{value}}.")
    declaration = Option(default=default, optional=default is None, choices=labels, **about)
    own = " Null: the model's default." if declaration.optional else ""
    # the names that pydantic knows, which writes the OpenAPI
    limits = {"ge": declaration.least, "le": declaration.most, "multiple_of": declaration.multiple or None}
    schema = {name: limit for name, limit in limits.items() if limit is not None}
    return field(default=default, metadata={"option": declaration, "description": declaration.sentence + own, **schema})


@cache
def options_of(kind: type) -> tuple[Option, ...]:
    """Every option of a dataclass and of the dataclasses in its fields, in the order of their declaration."""
    types, options = get_type_hints(kind), []
    for one in fields(kind):
        if "option" in one.metadata:
            options.append(_bound(one.metadata["option"], one.name, types[one.name]))
        elif isinstance(types[one.name], type) and is_dataclass(types[one.name]):
            options += [replace(inner, path=(one.name, *inner.path)) for inner in options_of(types[one.name])]
    return tuple(options)


def options_for(host: Host, kind: type, groups: Iterable[Group] = ()) -> list[Option]:
    """The options that a host shows: in the order of these groups, or without any in the order of declaration."""
    options = [one for one in options_of(kind) if host in one.hosts]
    order = tuple(groups)
    return [one for group in order for one in options if one.group == group] if order else options


def value_of(options: object, one: Option) -> Any:  # noqa: ANN401 - an option's value
    """The value that a dataclass of options has for one of them."""
    for name in one.path:
        options = getattr(options, name)
    return options


def values(options: object) -> dict[str, Any]:
    """The options' names -> their values."""
    return {one.name: value_of(options, one) for one in options_of(type(options))}


def with_values(options: T, change: Mapping[str, Any]) -> T:
    """The dataclass with other values, each under its option's name or its field's. Raises RequestError."""
    rest, own = dict(change), {}
    for one in options_of(type(options)):
        if one.name not in rest:
            continue
        name, value = one.path[0], rest.pop(one.name)
        own[name] = with_values(own.get(name, getattr(options, name)), {one.name: value}) if one.path[1:] else value
    return replace(options, **own, **rest)  # type: ignore[type-var] - a dataclass


def arguments(kind: type, options: object) -> dict[str, Any]:
    """The fields of `kind`, a dataclass of options, with the values that another dataclass has for them."""
    return {one.name: getattr(options, one.name) for one in fields(kind)}


def check(options: object) -> None:
    """Raises RequestError for the first value of a dataclass of options that is out of its range."""
    for one in options_of(type(options)):
        one.check(value_of(options, one))


def _bound(declaration: Option, name: str, hint: Any) -> Option:  # noqa: ANN401 - any type of a field
    """With what the field says. Its type is one of int, float and Literal, or None too."""
    if get_origin(hint) in (Union, UnionType):
        (hint,) = [part for part in get_args(hint) if part is not type(None)]
    choices = declaration.choices
    if get_origin(hint) is Literal:
        labels = {choice.value: choice for choice in choices}
        choices = tuple(labels.get(value, Choice(value, value)) for value in get_args(hint))
        hint = str
    return replace(declaration, name=declaration.name or name, path=(name,), type=hint, choices=choices)
