"""The queue: order, positions, canceling, a full queue, a full disk."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.api.errors import Busy, Cancelled, EngineError, OutputError
from engine.api.protocol import Finished, PlanRequest, Queued, Started, Token
from engine.jobs.events import EventLog
from engine.jobs.queue import JobQueue
from engine.jobs.store import Store
from tests.engine.jobs.test_store import a_result

ASKED = PlanRequest(instruction="paint the boat")


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[JobQueue]:
    store = Store(tmp_path)
    yield JobQueue(store, size=4)
    store.close()


def put(queue: JobQueue, *keys: str) -> list[str]:
    return [queue.submit("plan", ASKED, key).id for key in keys]


def events(queue: JobQueue, id: str) -> list:
    return [event for _, event in queue.log(id).after("")[1]]


def test_jobs_run_in_order_and_report_their_position(queue):
    first, second, third = put(queue, "key-1", "key-2", "key-3")
    assert [queue.state(id).position for id in (first, second, third)] == [0, 1, 2]
    assert queue.take(0).id == first
    assert [queue.state(id).position for id in (first, second, third)] == [None, 1, 2]
    queue.finish(first, *a_result(first))
    assert events(queue, first)[-2:] == [Started(1), Finished(queue.state(first))]
    assert queue.take(0).id == second
    assert [event for event in events(queue, third) if isinstance(event, Queued)] == [
        Queued(2),
        Queued(2),
        Queued(1),
    ]


def test_a_full_queue_refuses_new_jobs_but_not_known_ones(queue):
    put(queue, "key-1", "key-2", "key-3", "key-4")
    with pytest.raises(Busy):
        put(queue, "key-5")
    assert len(put(queue, "key-4")) == 1 and queue.waiting == 4
    queue.take(0)
    put(queue, "key-5")


def test_a_waiting_job_is_canceled_at_once(queue):
    first, second = put(queue, "key-1", "key-2")
    state = queue.cancel(second)
    assert state.state == "cancelled" and state.error.code == "cancelled" and queue.waiting == 1
    assert isinstance(events(queue, second)[-1], Finished)
    assert queue.take(0).id == first and queue.take(0) is None


def test_a_running_job_is_canceled_at_its_next_check(queue):
    (id,) = put(queue, "key-1")
    queue.take(0)
    assert not queue.stopped()
    assert queue.cancel(id).state == "running" and queue.stopped()
    queue.fail(id, Cancelled())
    assert queue.cancel(id).state == "cancelled" and queue.running is None
    put(queue, "key-2")
    queue.take(0)
    assert not queue.stopped()


def test_a_job_interrupted_by_a_shutdown_waits_for_the_next_engine(queue, tmp_path):
    (id,) = put(queue, "key-1")
    queue.take(0)
    queue.close()
    assert queue.stopped()
    queue.fail(id, Cancelled())
    assert queue.state(id).state == "queued" and queue.state(id).attempts == 0
    next_job = JobQueue(queue.store).take(0)
    assert next_job is not None and next_job.id == id


def test_only_finished_jobs_can_be_acknowledged(queue):
    (id,) = put(queue, "key-1")
    with pytest.raises(EngineError, match="not finished"):
        queue.acknowledge(id)
    queue.cancel(id)
    queue.acknowledge(id)
    assert queue.list(unacknowledged=True) == [] and queue.list()[0].acknowledged


def test_a_result_that_cannot_be_saved_can_be_fetched_until_the_engine_ends(queue, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    (id,) = put(queue, "key-1")
    queue.take(0)
    monkeypatch.setattr("engine.jobs.store.write_folder", full)
    queue.finish(id, *a_result(id))
    state = queue.state(id)
    assert (state.state, state.saved, state.error.code) == ("done", False, "result_not_saved")
    assert "No space left" in state.error.message
    assert queue.file(id, "image-0-0.png") == b"pixels" and queue.result(id).chains == ("chain",)
    assert events(queue, id)[-1] == Finished(state)
    queue.store.recover()  # the next engine: the job was never done on disk, so it is repeated
    assert queue.store.get(id).state == "queued"


def test_a_database_that_cannot_be_written_does_not_stop_the_queue(queue, monkeypatch):
    def full(*arguments):
        raise sqlite3.OperationalError("database or disk is full")

    (id,) = put(queue, "key-1")
    queue.take(0)
    monkeypatch.setattr(queue.store, "end", full)
    queue.fail(id, EngineError("x", "It failed."))
    assert queue.state(id).state == "failed" and queue.state(id).error.code == "x" and queue.running is None


def test_no_jobs_are_accepted_if_the_disk_is_nearly_full(tmp_path):
    store = Store(tmp_path)
    with pytest.raises(OutputError, match="MB left"):
        put(JobQueue(store, free_bytes=10**18), "key-1")
    assert store.list() == []
    store.close()


def test_a_known_job_is_returned_even_if_the_disk_is_full(queue):
    (id,) = put(queue, "key-1")
    queue.free_bytes = 10**18
    assert put(queue, "key-1") == [id]


def test_a_waiting_worker_gets_a_job_when_it_is_submitted(queue):
    jobs = []
    waiter = threading.Thread(target=lambda: jobs.append(queue.take(10)))
    waiter.start()
    (id,) = put(queue, "key-1")
    waiter.join(600)
    assert jobs[0].id == id


def test_events_continue_where_a_listener_left_off():
    log = EventLog()
    for number in range(5):
        log.add(Token(str(number), 0))
    _, events, newest = log.after("")
    assert [event for _, event in events] == [Token(word, 0) for word in "01234"] and newest == events[-1][0]
    assert log.after(events[2][0])[:2] == (False, events[3:])
    assert log.after(newest) == (False, [], newest)
    assert log.chain == "01234"


@pytest.mark.parametrize("last", ["x", "-", "deadbeef-3", "deadbeef-" + "9" * 30, "\u0663-1"])
def test_ids_of_another_engine_mean_that_events_were_missed(last):
    log = EventLog()
    log.add(Token("a", 0))
    missed, events, _ = log.after(last)
    assert missed and len(events) == 1


def test_a_full_log_drops_the_oldest_events_and_reports_it():
    log = EventLog(size=3)
    for number in range(10):
        log.add(Token(str(number), 0))
    missed, events, _ = log.after("")
    assert missed and [event for _, event in events] == [Token(word, 0) for word in "789"]
    assert log.chain == "0123456789"
    assert not log.after(events[0][0])[0]


def test_listeners_are_called_until_they_leave():
    log, woken = EventLog(), []
    leave = log.listen(lambda: woken.append(1))
    log.add(Token("a", 0))
    leave()
    log.add(Token("b", 0))
    assert woken == [1]
