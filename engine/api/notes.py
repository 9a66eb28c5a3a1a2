"""Sentences for the user: English templates with {fields}, and their values. Standard library only, Python 3.10.

Errors, notes and problems of a chain keep template and values next to the English sentence, so that a client can
translate them: `engine.api.language`.
"""

from __future__ import annotations

import math
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Note:
    """Something that the user should know. A note with nothing but a text comes from an older engine or file."""

    text: str
    """The English sentence."""
    code: str = ""
    template: str = ""
    values: dict[str, Any] = field(default_factory=dict, hash=False)
    """Values of the template's fields: str, int, float, or a Note as a part of the sentence."""

    @classmethod
    def of(cls, code: str, template: str, /, **values: object) -> Note:
        """Creates a note. `template` is a literal, so that the catalog of translations can contain it."""
        json_values = plain(values)
        return cls(fill(template, json_values), code, template, json_values)

    def __str__(self) -> str:
        return self.text


def plain(values: Mapping[str, object]) -> dict[str, Any]:
    """Converts values for JSON: paths and the like to strings, a Note that arrived as a dict to a Note."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: object) -> str | int | float | Note:
    if isinstance(value, dict):
        return Note(**value)
    if isinstance(value, (str, int, Note)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return str(value)


def fill(template: str, values: Mapping[str, Any], decimal_sign: str = ".") -> str:
    """Fills in a template. Without values it is returned unchanged, braces included."""
    if not values:
        return template
    return template.format(**values) if decimal_sign == "." else _Filler(decimal_sign).vformat(template, (), values)


class _Filler(string.Formatter):
    def __init__(self, decimal_sign: str) -> None:
        self._decimal_sign = decimal_sign

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401 - any value
        text = super().format_field(value, format_spec)
        return text.replace(".", self._decimal_sign) if isinstance(value, float) else text


VALUE_TYPES: dict[type, Note] = {
    int: Note.of("type", "a whole number"),
    float: Note.of("type", "a number"),
    str: Note.of("type", "a string"),
    bool: Note.of("type", "true or false"),
    dict: Note.of("type", "an object"),
}
"""Texts that follow “must be”, for a value of the wrong type."""


def one_of(names: Iterable[object]) -> Note:
    """The text that follows “must be”, for a value that must be one of a few."""
    return Note.of("type", "one of {names}", names=", ".join(map(str, names)))
