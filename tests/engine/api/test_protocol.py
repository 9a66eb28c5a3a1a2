"""Requests, replies and events: their invariants, and their JSON in both directions."""

import json
import typing
from dataclasses import fields, is_dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.api import errors, protocol
from engine.api.encoding import dumps, from_json, loads, to_json
from engine.api.errors import EngineError, RequestError
from engine.api.protocol import (
    AdapterUse,
    EditRequest,
    ErrorReply,
    GenerateRequest,
    LoadRequest,
    PlanRequest,
    Scales,
    Selection,
)
from tests.engine.running import CHAIN

IMAGE = "0123456789abcdef" * 4
KINDS = [kind for kind in vars(protocol).values() if is_dataclass(kind) and isinstance(kind, type)]

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(str.strip)
names = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_ äé.", min_size=1, max_size=20).filter(lambda s: s[0] != ".")
scale = st.none() | st.floats(0, 100)
drawing = {
    "chain": st.none() | st.just(CHAIN),
    "model": names,
    "adapters": st.lists(st.builds(AdapterUse, names, st.floats(-4, 4)), max_size=3, unique_by=lambda a: a.name).map(
        tuple
    ),
    "seed": st.integers(0, 2**63 - 1),
    "candidates": st.integers(1, 8),
    "num_inference_steps": st.none() | st.integers(1, 1000),
    "scheduler": st.sampled_from([None, "euler", "ddpm", "dpm-solver++", "unipc"]),
    "guidance_scales": st.builds(Scales, scale, scale, scale),
    "max_turns": st.integers(1, 8),
}
selections = st.builds(
    Selection, st.integers(0, 9999), st.integers(0, 9999), st.integers(1, 9999), st.integers(1, 9999)
)
requests = st.one_of(
    st.builds(PlanRequest, instruction=words, image=st.just(IMAGE), selection=st.none() | selections),
    st.builds(
        EditRequest,
        instruction=words,
        image=st.just(IMAGE),
        selection=st.none() | selections,
        feather=st.floats(0, 1),
        grow=st.floats(0, 1000),
        **drawing,
    ),
    st.builds(
        GenerateRequest, instruction=words, width=st.none() | st.integers(8, 512).map(lambda n: n * 8), **drawing
    ),
)


@given(requests)
def test_a_request_comes_out_as_it_went_in(request_):
    assert loads(type(request_), dumps(request_)) == request_


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
)


@given(st.sampled_from(KINDS), st.data())
def test_anything_else_is_refused_with_words(kind, data):
    """Values of any type, under valid keys, under invalid keys, or without keys: a dataclass or a RequestError."""
    keys = st.sampled_from([field.name for field in fields(kind)] or ["x"]) | st.text(max_size=5)
    value = data.draw(json_values | st.dictionaries(keys, json_values, max_size=6))
    try:
        from_json(kind, value)
    except RequestError as error:
        assert error.message


@given(st.sampled_from(KINDS), st.binary(max_size=60))
def test_any_bytes_are_refused_with_words(kind, data):
    try:
        loads(kind, data)
    except RequestError as error:
        assert error.message


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "not_json"),
        ("[]", "value_wrong"),
        ("{", "not_json"),
        ("{} {}", "not_json"),
        ("[" * 100_000, "not_json"),
        ('{"instruction": NaN}', "not_json"),
        ('{"instruction": 1}', "value_wrong"),
        ('{"instruction": null}', "value_wrong"),
        ("{}", "key_missing"),
        ('{"instruction": "x", "path": "a"}', "key_unknown"),
        ('{"instruction": "x", "model": ["a"]}', "value_wrong"),
        ('{"instruction": "x", "adapters": {"a": 1}}', "value_wrong"),
        ('{"instruction": "x", "adapters": [{"name": "a", "weight": true}]}', "value_wrong"),
        ('{"instruction": "\\ud800"}', "text_not_unicode"),
        ('{"instruction": " "}', "instruction_empty"),
        ('{"instruction": "x", "image": "../x"}', "image_id_wrong"),
        ('{"instruction": "x", "model": "../x"}', "model_name_wrong"),
        ('{"instruction": "x", "model": "a/b"}', "model_name_wrong"),
        ('{"instruction": "x", "model": ".hidden"}', "model_name_wrong"),
        ('{"instruction": "x", "model": ""}', "model_name_wrong"),
        ('{"instruction": "x", "device": "cpu;rm"}', "device_unknown"),
        ('{"instruction": "x", "selection": {"x": 0, "y": 0, "width": 1, "height": 1}}', "selection_without_image"),
    ],
)
def test_what_is_wrong_is_named(text, code):
    with pytest.raises(RequestError) as error:
        loads(PlanRequest, text.encode())
    assert error.value.code == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"instruction": "x" * 2001}, "instruction_too_long"),
        ({"seed": -1}, "seed_out_of_range"),
        ({"seed": 2**63}, "seed_out_of_range"),
        ({"seed": 10**4000}, "seed_out_of_range"),
        ({"candidates": 0}, "candidates_out_of_range"),
        ({"candidates": 9}, "candidates_out_of_range"),
        ({"num_inference_steps": 0}, "steps_out_of_range"),
        ({"num_inference_steps": 1001}, "steps_out_of_range"),
        ({"guidance_scales": {"semantic": 101.0}}, "scale_out_of_range"),
        ({"guidance_scales": {"spatial": -1}}, "scale_out_of_range"),
        ({"scheduler": "fast"}, "value_wrong"),
        ({"scope": "all"}, "value_wrong"),
        ({"fit": None}, "value_wrong"),
        ({"max_turns": 9}, "max_turns_out_of_range"),
        ({"chain": ""}, "chain_empty"),
        ({"chain": "A boat."}, "chain_unfinished"),
        ({"chain": "x" * 100_001}, "chain_too_long"),
        ({"adapters": [{"name": "a"}, {"name": "a"}]}, "adapter_twice"),
        ({"adapters": [{"name": f"a{n}"} for n in range(9)]}, "adapters_too_many"),
        ({"adapters": [{"name": "a", "weight": 5}]}, "adapter_weight_out_of_range"),
        ({"selection": {"x": -1, "y": 0, "width": 5, "height": 5}}, "selection_wrong"),
        ({"selection": {"x": 0, "y": 0, "width": 0, "height": 5}}, "selection_wrong"),
        ({"feather": -0.1}, "feather_out_of_range"),
        ({"feather": 1.1}, "feather_out_of_range"),
        ({"grow": -1}, "grow_out_of_range"),
        ({"grow": 1001.0}, "grow_out_of_range"),
        ({"grow": None}, "value_wrong"),
        ({"side": 63}, "size_not_drawable"),
        ({"side": 8192}, "size_not_drawable"),
        ({"side": 100}, "size_not_drawable"),
        ({"seed": 1.0}, "value_wrong"),
        ({"seed": "1"}, "value_wrong"),
        ({"seed": True}, "value_wrong"),
    ],
)
def test_an_edit_that_makes_no_sense_cannot_be_made(changes, code):
    with pytest.raises(RequestError) as error:
        from_json(EditRequest, {"instruction": "x", "image": IMAGE} | changes)
    assert error.value.code == code


@pytest.mark.parametrize("kind", sorted(errors.KINDS))
def test_an_error_comes_out_as_it_went_in(kind):
    error = errors.Cancelled() if kind == "Cancelled" else errors.KINDS[kind]("a_code", "What.", "Do this.")
    copy = loads(ErrorReply, dumps(ErrorReply.of(error))).error()
    assert type(copy) is type(error) and str(copy) == str(error) and copy.code == error.code


def test_an_unknown_error_is_still_an_error():
    assert type(ErrorReply("Newer", "c", "m").error()) is EngineError


def test_a_request_holds_no_path():
    """No request or reply has a field for a path: only names and ids."""
    for kind in KINDS:
        assert not {f.name for f in fields(kind)} & {"path", "folder", "file", "url"}, kind
    for name in ("a/b", "a\\b", "..", "/etc/passwd", "C:\\x", "a\0b", "a\nb"):
        with pytest.raises(RequestError):
            LoadRequest(model=name)


def test_equal_values_have_equal_json():
    first, second = PlanRequest(instruction="x", model="a"), PlanRequest(model="a", instruction="x")
    assert dumps(first) == dumps(second) and json.loads(dumps(first)) == to_json(first)


def test_every_event_has_a_name():
    assert set(protocol.EVENTS.values()) == set(typing.get_args(protocol.Event))
    assert set(protocol.REQUESTS.values()) == set(typing.get_args(protocol.JobRequest))
    assert set(protocol.REQUESTS) == set(typing.get_args(protocol.Kind))
