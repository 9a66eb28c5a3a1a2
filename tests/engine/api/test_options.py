"""What a declaration says, and what follows from it: names, limits, figures that hosts show, values."""

import json
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.api.drawing import DrawingOptions, EditOptions, GenerateOptions, Scales
from engine.api.errors import RequestError
from engine.api.options import HOSTS, arguments, check, options_for, options_of, value_of, values, with_values
from engine.api.protocol import EditRequest

OPTIONS = {one.name: one for kind in (EditOptions, GenerateOptions) for one in options_of(kind)}


def test_every_field_of_the_drawing_is_an_option_or_holds_some():
    for kind in (EditOptions, GenerateOptions):
        paths = {one.path[0] for one in options_of(kind)}
        assert paths == {one.name for one in fields(kind)}


def test_a_request_has_its_options_and_nothing_else_of_that_kind():
    assert {one.name for one in options_of(EditRequest)} == {one.name for one in options_of(EditOptions)}


@pytest.mark.parametrize("one", OPTIONS.values(), ids=OPTIONS)
def test_a_declaration_is_whole(one):
    assert one.title and one.hint and not one.hint.endswith(".") and one.sentence.endswith(".")
    assert one.label.count("_") == ("gimp" in one.hosts)
    assert {one.label, one.hint} <= set(one.texts) or not {"app", "krita", "gimp"}.intersection(one.hosts)
    assert one.problem.count("{value}") == 1
    assert (one.least is None) == (one.most is None)
    assert one.choices or one.type in (int, float) and one.least is not None
    assert one.default is not None or one.optional
    assert one.unless is None or one.unless[1] in [choice.value for choice in OPTIONS[one.unless[0]].choices]
    json.dumps(one.default)


def test_names_and_flags_are_said_once():
    for kind in (EditOptions, GenerateOptions):
        names = [one.name for one in options_of(kind)]
        assert len(set(names)) == len(names)
        letters = [one.label.partition("_")[2][0].lower() for one in options_for("gimp", kind)]
        assert len({*letters, *"imp"}) == len(letters) + 3  # besides Instruction or Caption, Model and Adapter
        for host in HOSTS:
            assert set(options_for(host, kind)) <= set(options_of(kind))


@given(st.sampled_from([one for one in OPTIONS.values() if not one.choices]), st.data())
def test_what_a_host_shows_is_read_as_the_same_value(one, data):
    least, most = one.range
    number = data.draw(st.integers(int(least), int(most))) if not one.decimals else data.draw(st.floats(least, most))
    displayed = round(number, one.decimals)
    assert one.to_display(one.from_display(displayed)) == displayed
    assert type(one.from_display(displayed)) is one.type
    if one.optional:
        assert one.from_display(one.own) is None


def test_values_go_by_the_options_names():
    options = with_values(EditOptions(), {"steps": 5, "semantic": 2.5, "spatial": 1.0, "scope": "whole"})
    assert options == EditOptions(num_inference_steps=5, guidance_scales=Scales(2.5, 1.0), scope="whole")
    assert values(options) | {"steps": 5, "semantic": 2.5, "reference": None, "feather": 0.1} == values(options)
    assert with_values(EditOptions(), values(options)) == options
    assert arguments(DrawingOptions, options)["num_inference_steps"] == 5
    assert value_of(options, OPTIONS["semantic"]) == 2.5


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"steps": 0}, "The number of steps is out of range: 0. Use a value from 1 to 1000."),
        ({"seed": -1}, "The seed is out of range: -1. Use a value from 0 to 2^63 - 1."),
        ({"seed": 10**30}, "The seed is out of range: far too large. Use a value from 0 to 2^63 - 1."),
        ({"grow": float("nan")}, "The mask growth is out of range: nan. Use a value from 0 to 1000."),
        ({"feather": float("inf")}, "The feather width is out of range: inf. Use a value from 0 to 1."),
        ({"spatial": 101.0}, "The spatial guidance scale is out of range: 101.0. Use a value from 0 to 100."),
        ({"side": 65}, "The side length is not valid: 65. Use a multiple of 8 from 64 to 4096."),
        ({"candidates": 9}, "The number of candidates is out of range: 9. Use a value from 1 to 8."),
        ({"max_turns": 0}, "The maximum number of turns is out of range: 0. Use a value from 1 to 8."),
    ],
)
def test_what_is_out_of_range_is_said(options, words):
    with pytest.raises(RequestError) as error:
        check(with_values(EditOptions(), options))
    assert str(error.value) == words
