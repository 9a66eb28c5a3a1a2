"""The program's messages: literal templates, and a translation of each in every language."""

import gettext
import inspect
import math
import string
from collections.abc import Iterator

import pytest

from engine.api import errors
from engine.api.errors import EngineError
from tests.translations import ERRORS, LANGUAGES, Sources, po_file, read


@pytest.fixture(scope="module")
def sources() -> Sources:
    return Sources()


def entries(language: str) -> Iterator[tuple[str, str]]:
    return ((str(message.id), str(message.string)) for message in read(language) if message.id)


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def test_every_error_note_and_problem_has_a_literal_template(sources: Sources):
    assert sources.wrong == []


def test_every_kind_of_error_is_looked_at():
    kinds = {name for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, EngineError)}
    assert kinds == {*ERRORS, "Cancelled"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_template_has_a_translation_and_no_other_is_there(language: str, sources: Sources):
    catalog = dict(entries(language))
    assert set(catalog) == set(sources.templates), "run python -m tests.translations"
    assert [template for template, translation in catalog.items() if not translation] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalog_is_the_one_in_text(language: str):
    with po_file(language).with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert all(compiled.gettext(template) == translation for template, translation in entries(language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_names_what_its_template_names(language: str):
    for template, translation in entries(language):
        assert fields(template) == fields(translation), template
        values = dict.fromkeys(fields(template), math.pi)
        assert template.format(**values) and translation.format(**values)
