"""Canceling jobs at random moments: it is fast, and the next job is not affected."""

import random
import threading
import time
from pathlib import Path

import pytest

from engine.api.errors import Cancelled
from engine.api.protocol import EditRequest, Finished, Step, Token
from tests.campaign import times
from tests.engine.running import INSTRUCTION, png, scene

pytestmark = pytest.mark.full

SAMPLE = Path(__file__).parents[2] / "resources" / "samples" / "sea.png"


def asked(image: str, model: str = "tiny", **options: object) -> EditRequest:
    return EditRequest(instruction=INSTRUCTION, image=image, model=model, **options)


def hashes(engine, image: str) -> list[str]:
    job = engine.run(asked(image, "got-mini", num_inference_steps=3))
    return [file.sha256 for file in engine.client.result(job.id).files]


@pytest.mark.timeout(1800)
def test_canceling_at_any_moment_does_not_affect_the_next_job(place, record_property):
    """With the shipped model. Latency: the tokens and steps after the engine has the request, and the time until the
    job ends."""
    dice = random.Random(2)
    with place("fresh").connect() as fresh:
        expected = hashes(fresh, fresh.upload(SAMPLE.read_bytes()).id)
    latencies, steps_after = [], []
    with place("used").connect() as engine:
        image = engine.upload(SAMPLE.read_bytes()).id
        for number in range(times(5, 100)):
            latency, steps = cancel_one(engine.client, asked(image, "got-mini", num_inference_steps=1000), dice)
            latencies.append(latency)
            steps_after.append(steps)
            if number % 10 == 4:
                assert hashes(engine, image) == expected
    (p50, p95), (steps50, steps95) = quantiles(latencies), quantiles(steps_after)
    line = (
        f"cancel: p50 {p50 * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms; steps made after it: p50 {steps50}, p95 {steps95}"
    )
    record_property("figure", line)
    print(line)
    assert steps95 <= 1


def cancel_one(client, request: EditRequest, dice: random.Random) -> tuple[float, int]:
    """Cancels a job. Returns (seconds from the request to the end, tokens and steps after the engine had the
    request)."""
    job = client.submit(request)
    started, canceled = threading.Event(), threading.Event()
    steps_after = []

    def watch(event) -> None:
        if isinstance(event, (Step, Token)):
            started.set()
            if canceled.is_set():
                steps_after.append(event)

    waiter = threading.Thread(target=_follow, args=(client, job.id, watch))
    waiter.start()
    assert started.wait(600)
    time.sleep(dice.uniform(0, 0.5))  # during planning or the first steps
    began = time.monotonic()
    client.cancel(job.id)
    canceled.set()
    waiter.join(600)
    assert client.job(job.id).state == "cancelled"
    return time.monotonic() - began, len(steps_after)


def quantiles(values: list) -> tuple:
    """(median, 95th percentile)"""
    ordered = sorted(values)
    return ordered[len(ordered) // 2], ordered[int(0.95 * (len(ordered) - 1))]


def _follow(client, id: str, watch) -> None:
    try:
        client.follow(id, watch)
    except Cancelled:
        return
    raise AssertionError("it was not cancelled")


def test_only_the_given_job_is_canceled(served):
    client = served.engine.client
    image = client.upload(png(scene())).id
    first, second = (client.submit(asked(image, num_inference_steps=20)) for _ in range(2))
    client.cancel(first.id)
    assert client.follow(second.id).state == "done"
    events = [event for _, event in client.events(second.id)]
    assert isinstance(events[-1], Finished)
