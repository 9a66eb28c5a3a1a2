"""After many jobs, memory, handles and threads are as before."""

import os

import pytest

from engine.api.protocol import EditRequest, GenerateRequest, PlanRequest, System
from tests.campaign import times
from tests.engine.got.tiny import CAPTION
from tests.engine.running import CHAIN, INSTRUCTION, png, scene

pytestmark = [pytest.mark.full, pytest.mark.own_engine]

JOBS = int(os.environ.get("GOT_SOAK", times(30, 500)))
"""2,000 by hand: GOT_SOAK=2000 pytest tests/e2e/test_soak.py"""
WARM = JOBS // 3
KIB_A_JOB = 1.0
ARENA = 1024
"""KiB by which Python requests memory from the system: a difference of one block means nothing."""
RETURNS_WHAT_IS_FREE = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
"""glibc keeps up to 40 MB of freed memory, in varying amounts, which would hide what a job leaves behind."""


@pytest.mark.timeout(7200)
def test_memory_handles_and_threads_stay_as_they_were(place, monkeypatch):
    for name, value in RETURNS_WHAT_IS_FREE.items():
        monkeypatch.setenv(name, value)
    where = place()
    with where.connect() as engine:
        image = engine.client.upload(png(scene())).id
        requests = [
            EditRequest(instruction=INSTRUCTION, image=image, model="tiny", num_inference_steps=1),
            EditRequest(instruction=INSTRUCTION, image=image, model="tiny", num_inference_steps=1, chain=CHAIN),
            PlanRequest(instruction=INSTRUCTION, image=image, model="tiny"),
            GenerateRequest(instruction=CAPTION, model="tiny", num_inference_steps=1),
        ]
        systems: list[System] = []
        for number in range(JOBS):
            job = engine.run(requests[number % len(requests)])
            engine.client.result(job.id)
            engine.client.acknowledge(job.id)
            if number >= WARM:
                systems.append(engine.client.system())
    fifth = max(1, len(systems) // 5)
    low_before, low_after = min(s.resident for s in systems[:fifth]), min(s.resident for s in systems[-fifth:])
    jobs, growth = len(systems) - fifth, (low_after - low_before) / 1024
    first, last = systems[0], systems[-1]
    print(
        f"{JOBS} jobs: resident {low_before / 1e6:.1f} -> {low_after / 1e6:.1f} MB ({growth / jobs:.2f} KiB a job), "
        f"handles {first.handles} -> {last.handles}, threads {first.threads} -> {last.threads}"
    )
    assert abs(last.handles - first.handles) <= 5 and abs(last.threads - first.threads) <= 5
    if JOBS >= 500:  # with fewer jobs, the allocator's own reserves exceed what a job could leave
        assert growth <= KIB_A_JOB * jobs + ARENA
