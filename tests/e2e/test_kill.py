"""The engine killed at every point of a job's way.

Nothing finished is lost, nothing is done twice, and nothing is said to be done too early.
"""

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
from tests.e2e.ready import Ready
from tests.engine.running import INSTRUCTION, Place, png, scene

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
    """The files of an edit that nobody disturbed, by their hashes."""
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
def test_killed_at_a_point_the_client_still_gets_its_one_result(place, program, expected, point):
    """Four at once: most of the time of one goes by until the next engine may start."""
    with ThreadPoolExecutor(4) as rounds:
        tried = [rounds.submit(killed, place(str(n), program, kill_at=point), expected) for n in range(times(1, 10))]
        for one in tried:
            one.result()


def killed(where: Place, expected: dict[str, str]) -> None:
    said: list[tuple[str, bool]] = []
    with where.connect() as engine:
        first = engine.client.runtime.pid
        image = engine.client.upload(png(scene())).id
        job = engine.run(
            asked(image), lambda event: isinstance(event, Finished) and said.append((event.job.state, event.job.saved))
        )
        assert engine.client.runtime.pid != first and (where.data / "killed-0").exists()
        result = engine.client.result(job.id)
        assert {file.name: file.sha256 for file in result.files} == expected
        for file in result.files:
            assert hashlib.sha256(engine.client.file(job.id, file.name)).hexdigest() == file.sha256
        assert [found.id for found in engine.client.jobs()] == [job.id] and set(said) == {("done", True)}
        assert sorted(path.name for path in (where.data / "results").iterdir()) == [job.id]
    where.end()


def test_a_job_that_killed_two_engines_is_left_alone(place, program):
    where = place(command=program, kill_at="step", kills=9)
    with where.connect() as engine:
        image = engine.client.upload(png(scene())).id
        with pytest.raises(EngineError, match="died 2 times"):
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


def test_when_the_client_is_killed_its_result_waits(place, program, expected):
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
    while first.alive:  # nobody is there any more: the engine goes, its job done or not, and another comes
        time.sleep(0.05)
    with where.connect() as engine:
        assert engine.client.follow(id).state == "done"
        (found,) = engine.client.jobs(unacknowledged=True)
        assert found.id == id
        assert {file.name: file.sha256 for file in engine.client.result(id).files} == expected


def test_an_engine_that_hangs_under_a_job_is_noticed_and_replaced(place, program, expected):
    """SIGSTOP at a token: the client has its result from another engine; it notices within 15 s."""
    where = place(command=program)
    with where.connect() as engine:
        pid, stopped, noticed = engine.client.runtime.pid, [], []
        connect_again = engine._connect

        def stop(event: Event) -> None:
            if isinstance(event, Token) and not stopped:
                os.kill(pid, signal.SIGSTOP)
                stopped.append(time.monotonic())

        def noticing() -> tuple:
            noticed.append(time.monotonic() - stopped[0])
            return connect_again()

        engine._connect = noticing
        job = engine.run(asked(engine.client.upload(png(scene())).id), stop)
        assert noticed[0] < 15 and engine.client.runtime.pid != pid
        assert {file.name: file.sha256 for file in engine.client.result(job.id).files} == expected


def test_a_client_that_only_watches_is_told_that_the_engine_is_gone(place, program):
    where = place(command=program, kill_at="step")
    with where.connect() as engine:
        job = engine.client.submit(asked(engine.client.upload(png(scene())).id))
        with pytest.raises(EngineUnavailable):
            engine.client.follow(job.id)
