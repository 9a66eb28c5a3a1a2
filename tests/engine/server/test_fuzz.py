"""Requests that fit the OpenAPI description, and others: the engine responds, never with 500 or more, and survives."""

from collections.abc import Callable, Iterator

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import response_schema_conformance

from engine.api.runtime import locked
from engine.server.app import bare_app
from tests.campaign import FULL, times
from tests.engine.server.test_guard import ask, good
from tests.once import of_this_run

schema = schemathesis.openapi.from_dict(bare_app().openapi())


def operations() -> Iterator[APIOperation]:
    for operation in schema.exclude(path="/v1/shutdown").exclude(path_regex="/events$").get_all_operations():
        assert isinstance(operation, Ok)
        yield operation.ok()


OPERATIONS = {operation.label: operation for operation in operations()}
EACH = times(5, 100)
BYTES = times(50, 1000)
ENOUGH = 5000
MODES = [schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE]

pytestmark = pytest.mark.timeout(3600)
quietly = settings(deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), derandomize=True)


@pytest.fixture(scope="module")
def answers(served):
    """The running engine's address and headers."""
    runtime = served.engine.client.runtime
    return f"http://127.0.0.1:{runtime.port}", {"Authorization": f"Bearer {runtime.token}"}, runtime


@pytest.fixture(scope="module")
def line() -> Iterator[requests.Session]:
    """One connection for all requests: opening one for each takes longer than the response."""
    with requests.Session() as session:
        yield session


@pytest.fixture(autouse=True)
def nothing_is_left_to_do(served) -> Iterator[None]:
    """Jobs of a test run only during the test, so they do not delay the next one."""
    yield
    for job in served.engine.client.jobs():
        served.engine.client.cancel(job.id)


@pytest.fixture
def told(request, tmp_path_factory, record_property) -> Callable[[int], None]:
    """Receives the number of requests of each test. When all tests on all workers are done, checks that there were
    enough."""
    folder = of_this_run(tmp_path_factory) / "fuzz"

    def add(count: int) -> None:
        record_property("requests", count)
        with locked(folder.with_suffix(".lock"), 600):
            with folder.open("a", encoding="utf-8") as file:
                file.write(f"{count} {request.node.name}\n")
            counts = [int(line.split()[0]) for line in folder.read_text(encoding="utf-8").splitlines()]
        if len(counts) == len(MODES) * len(OPERATIONS) + 1:
            print(f"fuzz: {sum(counts)} requests")
            assert sum(counts) >= (ENOUGH if FULL else 0)

    return add


@pytest.mark.parametrize("label", OPERATIONS)
@pytest.mark.parametrize("mode", MODES)
def test_no_request_causes_a_server_error(label, mode, answers, line, told):
    address, headers, runtime = answers
    requests = []

    @settings(quietly, max_examples=EACH)
    @given(case=OPERATIONS[label].as_strategy(generation_mode=mode))
    def every(case):
        requests.append(label)
        case.headers = {**(case.headers or {}), **headers}
        response = case.call(base_url=address, session=line, timeout=600)
        assert response.status_code < 500 or response.status_code == 507, response.text
        if response.status_code == 200:
            case.validate_response(response, checks=[response_schema_conformance])
        assert runtime.alive

    every()
    told(len(requests))


def test_any_bytes_get_a_response(answers, told):
    _, _, runtime = answers
    requests = []

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
    def every(method, path, tail, body, content):
        requests.append(path)
        status, _ = ask(runtime.port, method, path + tail, good(runtime, Content_Type=content), body)
        assert status < 500 and runtime.alive

    every()
    told(len(requests))
