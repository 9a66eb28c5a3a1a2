"""The disk fills up under a running engine: it reports this, loses no result, and continues when there is space."""

import hashlib
import os
import sys
import time
from pathlib import Path

import pytest

from engine.api.errors import OutputError
from engine.api.protocol import EditRequest, Step
from tests.engine.running import INSTRUCTION, png, scene

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(os.name == "nt", reason="the engine is started by env"),
]
PROGRAM = [sys.executable, str(Path(__file__).with_name("full_disk_engine.py"))]


def asked(image: str) -> EditRequest:
    return EditRequest(instruction=INSTRUCTION, image=image, model="tiny", num_inference_steps=2)


@pytest.mark.parametrize("marks", [["full"], ["full", "database-full"]])
def test_a_result_can_be_fetched_while_the_disk_is_full(place, marks):
    where = place(command=PROGRAM)
    with where.connect() as engine:
        client = engine.client
        image = engine.upload(png(scene())).id

        def fill_up(event) -> None:
            if isinstance(event, Step):
                for mark in marks:
                    (where.data / mark).touch()

        job = engine.run(asked(image), fill_up)
        assert (job.state, job.saved, job.error.code) == ("done", False, "result_not_saved")
        result = client.result(job.id)
        for file in result.files:
            assert hashlib.sha256(client.file(job.id, file.name)).hexdigest() == file.sha256
        assert list((where.data / "results").iterdir()) == []
        with pytest.raises(OutputError, match="No space left"):
            engine.upload(png(scene(50, 50)))
        if "database-full" in marks:
            with pytest.raises(OutputError, match="full"):
                client.submit(asked(image))
        for mark in marks:
            (where.data / mark).unlink()
        retry = engine.run(asked(image))
        assert retry.saved and [f.sha256 for f in client.result(retry.id).files] == [f.sha256 for f in result.files]
        assert not list((where.data / "pictures").glob(".*"))


def test_a_job_that_cannot_start_for_lack_of_space_starts_later(place):
    where = place(command=PROGRAM)
    with where.connect() as engine:
        image = engine.upload(png(scene())).id
        waiting = engine.client.submit(asked(image))
        engine.client.follow(waiting.id)
        long = engine.client.submit(
            EditRequest(instruction=INSTRUCTION, image=image, model="tiny", num_inference_steps=1000)
        )
        next_one = engine.client.submit(asked(image))
        while engine.client.job(long.id).state != "running":
            time.sleep(0.02)
        (where.data / "database-full").touch()
        engine.client.cancel(long.id)  # neither its end nor the next job's start can be written
        while engine.client.job(long.id).state != "cancelled":
            time.sleep(0.02)
        time.sleep(1.5)
        assert engine.client.job(next_one.id).state == "queued"
        (where.data / "database-full").unlink()
        assert engine.client.follow(next_one.id).state == "done"
