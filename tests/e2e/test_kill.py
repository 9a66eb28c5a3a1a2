"""The engine is killed at every point of a job's life. No finished result is lost, nothing is done twice, and nothing
is reported as done too early."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.api.errors import EngineError, EngineUnavailable
from engine.api.protocol import EditRequest, Event, Finished, Token
from engine.api.runtime import read_runtime
from tests.campaign import FULL, times
from tests.e2e.killed_engine import POINTS
from tests.engine.running import INSTRUCTION, Place, png, scene
from tests.ready import Ready

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows"),
    pytest.mark.timeout(1200),
]
PROGRAM = Path(__file__).with_name("killed_engine.py")
POINTS_TRIED = POINTS if FULL else ("after_insert", "token", "after_file", "before_done")


def asked(image: str) -> EditRequest:
    return EditRequest(instruction=INSTRUCTION, image=image, model="tiny", num_inference_steps=2)


@pytest.fixture(scope="module")
def expected(served) -> dict[str, str]:
    """The files of an undisturbed edit, by their hashes."""
    client = served.engine.client
    job = served.engine.run(asked(client.upload(png(scene())).id))
    return {file.name: file.sha256 for file in client.result(job.id).files}


@pytest.fixture(scope="module")
def program(tmp_path_factory) -> Iterator[list[str]]:
    ready = Ready(PROGRAM, tmp_path_factory.mktemp("ready"))
    yield ready.command
    ready.close()


def test_there_are_twelve_points():
    assert len(POINTS) == 12


@pytest.mark.parametrize("point", POINTS_TRIED)
def test_after_a_kill_the_client_still_gets_exactly_one_result(place, program, expected, point):
    """Four at a time, because each one mostly waits until the next engine may start."""
    with ThreadPoolExecutor(4) as rounds:
        attempts = [rounds.submit(killed, place(str(n), program, kill_at=point), expected) for n in range(times(1, 10))]
        for one in attempts:
            one.result()


def killed(where: Place, expected: dict[str, str]) -> None:
    reports: list[tuple[str, bool]] = []
    with where.connect() as engine:
        first = engine.client.runtime.pid
        image = engine.client.upload(png(scene())).id
        job = engine.run(
            asked(image),
            lambda event: isinstance(event, Finished) and reports.append((event.job.state, event.job.saved)),
        )
        assert engine.client.runtime.pid != first and (where.data / "killed-0").exists()
        result = engine.client.result(job.id)
        assert {file.name: file.sha256 for file in result.files} == expected
        for file in result.files:
            assert hashlib.sha256(engine.client.file(job.id, file.name)).hexdigest() == file.sha256
        assert [listed.id for listed in engine.client.jobs()] == [job.id] and set(reports) == {("done", True)}
        assert sorted(path.name for path in (where.data / "results").iterdir()) == [job.id]
    where.end()


def test_a_job_that_killed_two_engines_is_given_up(place, program):
    where = place(command=program, kill_at="step", kills=9)
    with where.connect() as engine:
        image = engine.client.upload(png(scene())).id
        with pytest.raises(EngineError, match="crashed 2 times"):
            engine.run(asked(image))
        (job,) = engine.client.jobs()
        assert (job.state, job.attempts) == ("failed", 2)
        assert len(list(where.data.glob("killed-*"))) == 2


CLIENT = """
import sys, time
from engine.api.launch import connect
from tests.e2e.test_kill import asked
from tests.engine.running import png, scene
with connect("client", command=sys.argv[1:]) as engine:
    print(engine.client.submit(asked(engine.client.upload(png(scene())).id)).id, flush=True)
    time.sleep(600)
"""


def test_the_result_of_a_killed_client_is_kept(place, program, expected):
    where = place(command=program, lease=2, grace=1)
    environment = os.environ | where.environment() | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    client = subprocess.Popen(
        [sys.executable, "-c", CLIENT, *program], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert client.stdout is not None
    id = client.stdout.readline().strip()
    client.kill()
    client.communicate()
    first = read_runtime(where.runtime)
    assert first is not None
    # no client is left: the engine shuts down, whether the job is done or not, and another one starts
    while first.alive:
        time.sleep(0.05)
    with where.connect() as engine:
        assert engine.client.follow(id).state == "done"
        (job,) = engine.client.jobs(unacknowledged=True)
        assert job.id == id
        assert {file.name: file.sha256 for file in engine.client.result(id).files} == expected


def test_an_engine_that_hangs_during_a_job_is_detected_and_replaced(place, program, expected):
    """SIGSTOP at a token: the client detects it within 15 s and gets its result from another engine."""
    where = place(command=program)
    with where.connect() as engine:
        pid, stop_times, noticed = engine.client.runtime.pid, [], []
        connect_again = engine._connect

        def stop(event: Event) -> None:
            if isinstance(event, Token) and not stop_times:
                os.kill(pid, signal.SIGSTOP)
                stop_times.append(time.monotonic())

        def noticing() -> tuple:
            noticed.append(time.monotonic() - stop_times[0])
            return connect_again()

        engine._connect = noticing
        job = engine.run(asked(engine.client.upload(png(scene())).id), stop)
        assert noticed[0] < 15 and engine.client.runtime.pid != pid
        assert {file.name: file.sha256 for file in engine.client.result(job.id).files} == expected


def test_a_client_that_only_watches_is_told_when_the_engine_dies(place, program):
    where = place(command=program, kill_at="step")
    with where.connect() as engine:
        job = engine.client.submit(asked(engine.client.upload(png(scene())).id))
        with pytest.raises(EngineUnavailable):
            engine.client.follow(job.id)
