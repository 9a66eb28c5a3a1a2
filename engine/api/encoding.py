"""Dataclasses to JSON and back. Decoding is strict: no unknown key, no missing key, no value of another type.

Standard library only.
"""

from __future__ import annotations

import json
import types
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from engine.api.errors import RequestError
from engine.api.notes import VALUE_TYPES, Note, one_of

T = TypeVar("T")


def to_json(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Converts a dataclass, including nested dataclasses, tuples and dicts, to JSON values."""
    if is_dataclass(value):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, (tuple, list)):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    return value


def dumps(value: Any) -> bytes:  # noqa: ANN401 - any dataclass
    """The JSON text of a dataclass, on one line. Equal values give equal text."""
    return json.dumps(to_json(value), allow_nan=False, separators=(",", ":"), sort_keys=True).encode()


def loads(kind: type[T], data: bytes) -> T:
    """Parses a JSON text into a dataclass. Raises RequestError if it does not match."""
    try:
        value = json.loads(data, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise RequestError("not_json", "This is not valid JSON.", "Send one JSON object in UTF-8.") from error
    return from_json(kind, value)


def from_json(kind: type[T], value: Any, where: str = "") -> T:  # noqa: ANN401 - any JSON value
    """Converts JSON values to a dataclass. Raises RequestError for wrong values, and the dataclass's own errors."""
    if not isinstance(value, dict):
        raise _wrong(where, VALUE_TYPES[dict])
    hints, declarations = _hints(kind), {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for key in value:
        if key not in declarations:
            raise RequestError("key_unknown", "“{key}” is not a known key.", "Remove it.", key=_join(where, key)[:100])
    for name, field in declarations.items():
        if name not in value and field.default is MISSING and field.default_factory is MISSING:
            raise RequestError("key_missing", "“{key}” is missing.", "Add it.", key=_join(where, name))
    return kind(**{key: _read(hints[key], item, _join(where, key)) for key, item in value.items()})


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(hint: Any, value: Any, where: str) -> Any:  # noqa: ANN401 - any JSON value of any type
    origin = get_origin(hint)
    if hint is Any:
        return value
    if origin in (Union, types.UnionType):
        if value is None and type(None) in get_args(hint):
            return None
        (hint,) = [part for part in get_args(hint) if part is not type(None)]
        return _read(hint, value, where)
    if origin is Literal:
        if not isinstance(value, str) or value not in get_args(hint):
            raise _wrong(where, one_of(get_args(hint)))
        return value
    if origin is tuple:
        return _read_tuple(get_args(hint), value, where)
    if origin is dict:
        return {key: _read(get_args(hint)[1], item, where) for key, item in _checked(dict, value, where).items()}
    if is_dataclass(hint):
        return from_json(hint, value, where)  # type: ignore[arg-type]
    return _checked(hint, value, where)


def _read_tuple(hints: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:  # noqa: ANN401
    if not isinstance(value, list):
        raise _wrong(where, Note.of("type", "a list"))
    if hints[-1] is Ellipsis:
        hints = (hints[0],) * len(value)
    if len(hints) != len(value):
        raise _wrong(where, Note.of("type", "a list of {count}", count=len(hints)))
    return tuple(_read(hint, item, where) for hint, item in zip(hints, value))  # noqa: B905 - equal lengths


def _checked(kind: type, value: Any, where: str) -> Any:  # noqa: ANN401
    if kind is float and type(value) is int and abs(value) < 2**53:
        return float(value)
    if type(value) is not kind:
        raise _wrong(where, VALUE_TYPES[kind])
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        raise RequestError(
            "text_not_unicode", "“{where}” contains an invalid character.", "Type or paste it again.", where=where
        )
    return value


def _wrong(where: str, kind: Note) -> RequestError:
    if not where:
        return RequestError("value_wrong", "The JSON document must be {kind}.", "Correct it.", kind=kind)
    return RequestError("value_wrong", "“{where}” must be {kind}.", "Correct it.", where=where, kind=kind)


def _join(where: str, key: str) -> str:
    key = key.encode("utf-8", "replace").decode()
    return f"{where}.{key}" if where else key


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not valid JSON")
