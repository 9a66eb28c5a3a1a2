"""Errors and notes: what they say in English, what they carry, and what they are in another language."""

import math
import pickle
from pathlib import Path

import pytest

from engine.api import language
from engine.api.chain import Chain
from engine.api.encoding import dumps, loads
from engine.api.errors import EngineError, ImageError, RequestError
from engine.api.language import translate
from engine.api.notes import Note
from engine.api.protocol import ErrorReply, JobResult, Scales

FOLDER = Path(__file__).resolve().parents[3] / "resources" / "translations"
LARGE = ("disk_full", "The engine's disk has only {free:.0f} MB left.", "Free at least {needed:.0f} MB.")


def choose(*names: str) -> None:
    language.choose(FOLDER, names)


def test_an_error_says_its_sentence_in_english():
    error = EngineError(*LARGE, free=1.5, needed=3.0)
    assert (error.message, error.remedy) == ("The engine's disk has only 2 MB left.", "Free at least 3 MB.")
    assert str(error) == "The engine's disk has only 2 MB left. Free at least 3 MB."
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_an_error_is_the_same_after_its_way_through_http():
    error = loads(ErrorReply, dumps(ErrorReply.of(ImageError("image_empty", "{name} is empty (0 bytes).", name="x"))))
    choose("de")
    assert isinstance(error.error(), ImageError) and error.message == "x is empty (0 bytes)."
    assert language.words(error.error()) == ("x ist leer (0 Byte).", "")


def test_an_error_of_an_older_engine_is_shown_as_it_came():
    old = loads(ErrorReply, b'{"kind":"ImageError","code":"image_empty","message":"{x} is empty","remedy":"Go."}')
    choose("de")
    assert language.words(old.error()) == ("{x} is empty", "Go.")


@pytest.mark.parametrize("template", ["{gone} is empty.", "{x is empty.", "{0} is empty."])
def test_a_template_that_does_not_go_with_its_values_leaves_the_english_sentence(template: str):
    reply = ErrorReply("ImageError", "image_empty", "It is empty.", "Go on.", (template, "Go."), {"x": 1})
    assert language.words(loads(ErrorReply, dumps(reply)).error()) == ("It is empty.", "Go on.")
    assert language.note(Note("It is empty.", "image_empty", template, {"x": 1})) == "It is empty."


def test_values_are_what_json_can_hold():
    with pytest.raises(RequestError) as error_info:
        Scales(semantic=math.inf)
    assert error_info.value.message == "The semantic guidance scale is out of range: inf."
    assert loads(ErrorReply, dumps(ErrorReply.of(error_info.value))).values["value"] == "inf"
    error = EngineError("x", "There is no file {path}.", path=Path("a") / "b")
    assert error.parts[0].values == {"path": str(Path("a/b"))}


def test_a_part_of_a_sentence_is_translated_too():
    (problem,) = Chain.parse("A <|box_start|>(1,2),(3)<|box_end|>.").problems
    note = loads(Note, dumps(Chain.parse("x").note_of(problem)))
    assert note.text == "chain, line 1, column 3: “(1,2),(3)” is not a pair of corners. Write (x1,y1),(x2,y2)."
    choose("de")
    assert language.note(note).startswith("Plan, Zeile 1, Spalte 3: „(1,2),(3)“ sind keine")


def test_a_decimal_number_has_the_languages_sign():
    assert (
        translate("The semantic guidance scale is out of range: {value}.", value=100.5)
        == "The semantic guidance scale is out of range: 100.5."
    )
    choose("de")
    assert translate("The semantic guidance scale is out of range: {value}.", value=100.5).endswith(" 100,5.")
    assert translate("{name} is empty (0 bytes).", name="0.5") == "0.5 ist leer (0 Byte)."


@pytest.mark.parametrize(
    ("names", "german"),
    [
        (("de",), True),
        (("de-AT", "en"), True),
        (("de_DE.UTF-8", "de_DE", "de", "C"), True),
        (("xx", "de"), True),
        (("en-US", "de"), False),
        (("C", "de"), False),
        (("xx",), False),
        ((), False),
    ],
)
def test_the_first_language_that_is_known_counts(names: tuple[str, ...], german: bool):
    choose(*names)
    assert (translate("Planning") == "Plant") == german
    assert translate("") == ""


def test_results_of_an_older_engine_have_their_notes():
    fields = ("id", "kind", "instruction", "model", "options", "seconds")
    old = dict.fromkeys(fields, "") | {"kind": "plan", "options": {}, "seconds": {}, "chains": [], "files": []}
    assert loads(JobResult, dumps(old | {"notes": ["Said once."]})).messages == (Note("Said once."),)
