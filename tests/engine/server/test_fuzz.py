"""Requests that fit the OpenAPI, and requests that do not: the engine answers, never with 500 or more, and lives."""

from collections import Counter

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import response_schema_conformance

from engine.server.app import bare_app
from tests.campaign import FULL, times
from tests.engine.server.test_guard import ask, good

schema = schemathesis.openapi.from_dict(bare_app().openapi())
OPERATIONS = {
    operation.ok().label: operation.ok()
    for operation in schema.exclude(path="/v1/shutdown").exclude(path_regex="/events$").get_all_operations()
}
EACH = times(5, 120)
BYTES = times(50, 1000)
ENOUGH = 5000

pytestmark = pytest.mark.timeout(3600)
quietly = settings(deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), derandomize=True)
tried: Counter[str] = Counter()


@pytest.fixture(scope="module")
def answers(served):
    """The running engine's address and headers."""
    runtime = served.engine.client.runtime
    return f"http://127.0.0.1:{runtime.port}", {"Authorization": f"Bearer {runtime.token}"}, runtime


@pytest.mark.parametrize("label", OPERATIONS)
@pytest.mark.parametrize("mode", [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE])
def test_no_answer_is_a_fault(label, mode, answers):
    address, headers, runtime = answers

    @settings(quietly, max_examples=EACH)
    @given(case=OPERATIONS[label].as_strategy(generation_mode=mode))
    def every(case):
        tried[label] += 1
        case.headers = {**(case.headers or {}), **headers}
        response = case.call(base_url=address, timeout=600)
        assert response.status_code < 500 or response.status_code == 507, response.text
        if response.status_code == 200:
            case.validate_response(response, checks=[response_schema_conformance])
        assert runtime.alive

    every()


@settings(quietly, max_examples=BYTES)
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH"]),
    path=st.sampled_from(
        ["/v1/jobs", "/v1/edits", "/v1/plans", "/v1/generations", "/v1/images", "/v1/leases", "/v1/x"]
    ),
    tail=st.text("abcdefghijklmnop0123456789/%.?&=", max_size=20),
    body=st.binary(max_size=300) | st.just(b"[" * 100_000) | st.just(b'{"seed": ' + b"9" * 5000 + b"}"),
    content=st.sampled_from(["application/json", "image/png"]),
)
def test_any_bytes_are_answered(answers, method, path, tail, body, content):
    _, _, runtime = answers
    tried["bytes"] += 1
    status, _ = ask(runtime.port, method, path + tail, good(runtime, Content_Type=content), body)
    assert status < 500 and runtime.alive


def test_enough_was_tried(record_property):
    line = f"fuzz: {tried.total()} requests, {tried['bytes']} of them any bytes"
    record_property("figure", line)
    print(line)
    assert tried.total() >= (ENOUGH if FULL else 0)
