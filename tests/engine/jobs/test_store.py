"""Jobs on disk: their states, recovery after a crash, and retention."""

import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.api.errors import EngineError, NotFound, RequestError
from engine.api.protocol import JobResult, PlanRequest, ResultFile
from engine.jobs.pictures import Pictures
from engine.jobs.retention import sweep
from engine.jobs.store import RESULT, Store
from tests.engine.running import png, scene

ASKED = PlanRequest(instruction="paint the boat")


def a_result(id: str, data: bytes = b"pixels") -> tuple[JobResult, dict[str, bytes]]:
    file = ResultFile("image-0-0.png", "image", 0, 0, len(data), "0" * 64)
    return JobResult(id, "plan", "x", ("chain",), "tiny", {}, {}, (), (file,)), {file.name: data}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path)
    yield store
    store.close()


def done(store: Store, key: str, data: bytes = b"pixels") -> str:
    job, _ = store.add("plan", ASKED, key)
    store.begin(job.id)
    store.finish(job.id, *a_result(job.id, data))
    return job.id


def again(store: Store, folder: Path) -> Store:
    """The store as the next engine finds it after a crash of this one."""
    store.close()
    next_store = Store(folder)
    next_store.recover()
    return next_store


def test_the_states_of_a_job(store):
    job, new = store.add("plan", ASKED, "key-1")
    assert new and job.state == "queued" and job.request == ASKED and store.queued() == [job.id]
    assert store.begin(job.id).attempts == 1 and store.queued() == []
    store.finish(job.id, *a_result(job.id))
    assert store.get(job.id).state == "done" and store.result(job.id).chains == ("chain",)
    assert store.file(job.id, "image-0-0.png") == b"pixels"
    store.acknowledge(job.id)
    store.acknowledge(job.id)
    assert not (store.results / job.id).exists() and store.list(unacknowledged=True) == []
    with pytest.raises(NotFound):
        store.result(job.id)


def test_the_database_writes_through(store, tmp_path):
    look = sqlite3.connect(tmp_path / "jobs.sqlite")
    assert look.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store._rows("PRAGMA synchronous") == [(2,)]  # FULL
    look.close()


def test_a_key_identifies_one_job(store):
    first, _ = store.add("plan", ASKED, "key-1")
    assert store.add("plan", ASKED, "key-1") == (first, False)
    with pytest.raises(RequestError, match="another request"):
        store.add("plan", PlanRequest(instruction="something else"), "key-1")
    done_id = done(store, "key-2")
    store.acknowledge(done_id)
    assert store.add("plan", ASKED, "key-2")[0].id == done_id
    assert len(store.list()) == 2


def test_only_files_of_the_result_can_be_read(store):
    id = done(store, "key-1")
    for name in (RESULT, "../jobs.sqlite", "", ".", "image-0-1.png", "/etc/passwd", "image-0-0.png\0"):
        with pytest.raises(NotFound):
            store.file(id, name)
    with pytest.raises(NotFound):
        store.result("../" + id)


def test_an_interrupted_job_waits_again_and_is_given_up_after_the_second_crash(store, tmp_path):
    job, _ = store.add("plan", ASKED, "key-1")
    store.begin(job.id)
    store = again(store, tmp_path)
    assert store.get(job.id).state == "queued" and store.queued() == [job.id]
    store.begin(job.id)
    store = again(store, tmp_path)
    recovered = store.get(job.id)
    assert (
        recovered.state == "failed"
        and recovered.error
        and recovered.error.code == "job_quarantined"
        and store.queued() == []
    )
    store.close()


def test_a_job_that_another_version_wrote_costs_only_itself(store, tmp_path):
    older, _ = store.add("plan", ASKED, "key-1")
    failed, _ = store.add("plan", ASKED, "key-2")
    readable, _ = store.add("plan", ASKED, "key-3")
    store._do("UPDATE jobs SET request = ? WHERE id = ?", b'{"instruction":"paint it","sharpen":2}', older.id)
    store._do("UPDATE jobs SET state = 'failed', error = ? WHERE id = ?", b'{"reason":"full"}', failed.id)

    store = again(store, tmp_path)
    assert store.queued() == [older.id, readable.id]
    assert len(store.list()) == 3 and store.pictures_in_use() == set()
    with pytest.raises(EngineError, match="another version of got_desktop.*Submit it again"):
        store.get(older.id).request  # noqa: B018 - reading it raises
    error = store.get(failed.id).error
    assert error and "another version of got_desktop" in error.message
    assert store.get(readable.id).request == ASKED
    store.close()


def test_a_normal_shutdown_does_not_count_as_an_attempt(store, tmp_path):
    job, _ = store.add("plan", ASKED, "key-1")
    for _ in range(5):
        store.begin(job.id)
        store.put_back(job.id)
    assert store.get(job.id).attempts == 0 and store.queued() == [job.id]


def test_a_job_with_a_complete_result_is_recovered_as_done(store, tmp_path):
    job, _ = store.add("plan", ASKED, "key-1")
    store.begin(job.id)
    store.end = lambda *arguments: None  # as if killed right before
    store.finish(job.id, *a_result(job.id))
    store = again(store, tmp_path)
    assert store.get(job.id).state == "done" and store.file(job.id, "image-0-0.png") == b"pixels"
    store.close()


def test_a_result_written_after_its_job_was_put_back_counts_as_done(store, tmp_path):
    """The engine ended during the job's last step: the job was put back, but its result is complete."""
    job, _ = store.add("plan", ASKED, "key-1")
    store.begin(job.id)
    store.put_back(job.id)
    store.end = lambda *arguments: None
    store.finish(job.id, *a_result(job.id))
    store = again(store, tmp_path)
    assert store.get(job.id).state == "done" and store.queued() == []
    store.close()


def test_a_partly_written_result_is_discarded(store, tmp_path):
    job, _ = store.add("plan", ASKED, "key-1")
    store.begin(job.id)
    half = store.results / f".{job.id}.tmp"
    half.mkdir()
    (half / RESULT).write_bytes(b"{")
    store = again(store, tmp_path)
    assert store.get(job.id).state == "queued" and list(store.results.iterdir()) == []
    store.close()


@pytest.mark.skipif(os.name == "nt", reason="rename and fsync are patched as they are on POSIX")
@pytest.mark.parametrize("call", ["fsync", "replace", "open"])
def test_a_full_disk_at_any_write_leaves_the_job_unfinished_without_partial_files(store, monkeypatch, call):
    """Each write of a result fails in turn, until one succeeds."""
    real = getattr(os, call)
    for number in range(20):
        job, _ = store.add("plan", ASKED, f"key-{number}")
        store.begin(job.id)
        remaining = [number]

        def full(*arguments, remaining=remaining, **options):
            remaining[0] -= 1
            if remaining[0] == -1:
                raise OSError(28, "No space left on device")
            return real(*arguments, **options)

        monkeypatch.setattr(os, call, full)
        try:
            store.finish(job.id, *a_result(job.id))
        except OSError as error:
            monkeypatch.setattr(os, call, real)
            assert error.errno == 28 and store.get(job.id).state == "running"
            assert not list(store.results.glob(".*"))
        else:
            monkeypatch.setattr(os, call, real)
            assert store.get(job.id).state == "done"
            return
    raise AssertionError("no write went through")


def test_a_full_database_is_an_error_and_nothing_is_lost(store, tmp_path):
    first = done(store, "key-1")
    pages = store._rows("PRAGMA page_count")[0][0]
    store._do(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        for number in range(200):
            store.add("plan", PlanRequest(instruction="x" * 2000), f"many-{number}")
    store._do("PRAGMA max_page_count = 1000000")
    assert store.get(first).state == "done" and store.file(first, "image-0-0.png") == b"pixels"
    assert store._rows("PRAGMA integrity_check") == [("ok",)]


# retention


def age(store: Store, id: str, days: float) -> None:
    store._do("UPDATE jobs SET ended = ? WHERE id = ?", time.time() - days * 86_400, id)


def test_results_are_removed_after_some_days_and_unfinished_jobs_are_kept(store, tmp_path):
    pictures = Pictures(tmp_path / "pictures")
    old, new = done(store, "key-1"), done(store, "key-2")
    waiting, _ = store.add("plan", ASKED, "key-3")
    age(store, old, 8)
    age(store, new, 6)
    sweep(store, pictures, keep_days=7, keep_bytes=10**9)
    assert [job.id for job in store.list()] == [new, waiting.id]
    assert [folder.name for folder in store.results.iterdir()] == [new]


def test_the_oldest_results_are_removed_when_they_take_too_much_space(store, tmp_path):
    pictures = Pictures(tmp_path / "pictures")
    ids = [done(store, f"key-{n}", b"x" * 100_000) for n in range(5)]
    for days, id in zip((5, 4, 3, 2, 1), ids, strict=True):
        age(store, id, days)
    sweep(store, pictures, keep_days=7, keep_bytes=250_000)
    assert {folder.name for folder in store.results.iterdir()} == set(ids[3:])
    with pytest.raises(NotFound):
        store.result(ids[0])
    assert store.get(ids[0]).state == "done"


def test_pictures_are_removed_unless_a_waiting_job_needs_them(store, tmp_path):
    pictures = Pictures(tmp_path / "pictures")
    used, unused = pictures.add(png(scene())), pictures.add(png(scene(50, 50)))
    store.add("plan", PlanRequest(instruction="x", image=used.id), "key-1")
    for info in (used, unused):
        os.utime(pictures.folder / info.id, (0, 0))
    (pictures.folder / ".half.tmp").write_bytes(b"x")
    sweep(store, pictures, keep_days=7, keep_bytes=10**9)
    assert [path.name for path in pictures.folder.iterdir()] == [used.id]
    assert pictures.read(used.id).image.size == (96, 48)
    with pytest.raises(NotFound):
        pictures.read(unused.id)
