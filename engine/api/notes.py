"""Sentences for the user: English templates with {fields}, and what stands in them. Standard library only, Python 3.10.

An error, a note and a problem of a chain each keep template and values apart beside the English sentence, so that
whoever shows one can put it in the user's language: `engine.api.language`.
"""

from __future__ import annotations

import math
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Note:
    """Something that the user should know. One that only has a text comes from an older engine or file."""

    text: str
    """The English sentence."""
    code: str = ""
    template: str = ""
    values: dict[str, Any] = field(default_factory=dict, hash=False)
    """What stands in the template's fields: str, int, float, or a Note as a part of the sentence."""

    @classmethod
    def of(cls, code: str, template: str, /, **values: object) -> Note:
        """`template` is a literal, so that the catalog of translations can have it."""
        kept = plain(values)
        return cls(fill(template, kept), code, template, kept)

    def __str__(self) -> str:
        return self.text


def plain(values: Mapping[str, object]) -> dict[str, Any]:
    """Values as JSON can hold them: paths and the like as texts, a Note that came as an object as a Note again."""
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: object) -> str | int | float | Note:
    if isinstance(value, dict):
        return Note(**value)
    if isinstance(value, (str, int, Note)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    return str(value)


def fill(template: str, values: Mapping[str, Any], decimal_sign: str = ".") -> str:
    """The sentence. A template without values is a sentence as it stands, braces and all."""
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
"""What follows “must be”, where a value is of another type."""


def one_of(names: Iterable[object]) -> Note:
    """The like, of a value that must be one of a few."""
    return Note.of("type", "one of {names}", names=", ".join(map(str, names)))
