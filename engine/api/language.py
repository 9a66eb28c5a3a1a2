"""Translates errors, notes and a plug-in's texts into the user's language, from one gettext catalog for all clients.

The English text is the key; a text without a translation stays English. Standard library only, Python 3.10.
"""

from __future__ import annotations

import gettext
import itertools
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.api.notes import Note, fill, plain

if TYPE_CHECKING:
    from engine.api.chain import Problem
    from engine.api.errors import EngineError

DOMAIN = "got"
_catalog: gettext.NullTranslations = gettext.NullTranslations()


def choose(folder: Path, languages: Iterable[str]) -> None:
    """Sets the language: the first of `languages` that is English or that `folder` has a catalog for.

    Languages have the names that systems use: “de”, “de-AT”, “de_DE.UTF-8”.
    """
    global _catalog
    names = [name.replace("-", "_") for name in itertools.takewhile(_is_foreign, languages)]
    _catalog = gettext.translation(DOMAIN, folder, names, fallback=True)


def _is_foreign(name: str) -> bool:
    return name.replace("-", "_").split("_")[0].split(".")[0].lower() not in ("en", "c", "posix")


def translate(template: str, /, **values: object) -> str:
    """Translates an English text and fills in its fields."""
    return _filled(template, values)


def words(fault: EngineError | Problem) -> tuple[str, str]:
    """(message, remedy)"""
    message, remedy = fault.parts
    return note(message), note(remedy)


def sentence(fault: EngineError | Problem) -> str:
    """Message and remedy on one line."""
    return " ".join(" ".join(words(fault)).split())


def note(remark: Note) -> str:
    try:
        return _filled(remark.template or remark.text, remark.values)
    except (LookupError, ValueError):  # template and values of another version that do not go together
        return remark.text


def _filled(template: str, values: Mapping[str, Any]) -> str:
    parts = {name: note(value) if isinstance(value, Note) else value for name, value in plain(values).items()}
    return fill(_translation(template), parts, _translation("."))  # the decimal sign


def _translation(text: str) -> str:
    return _catalog.gettext(text) if text else ""  # the empty text is the catalog's header
