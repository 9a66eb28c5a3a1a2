"""Jobs on disk: requests, states and results.

A job is in the database before its client gets its id. A result is completely on disk before the job's state becomes
"done", and that state is on disk before anyone is notified. So an engine that is killed at any point loses no finished
result, repeats none, and never reports "done" too early. `recover` restores the state of every job that was left over.
"""

from __future__ import annotations

import secrets
import shutil
import sqlite3
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.api.encoding import dumps, loads
from engine.api.errors import EngineError, NotFound, RequestError
from engine.api.files import folder_bytes, write_folder
from engine.api.protocol import REQUESTS, ErrorReply, JobRequest, JobResult, Kind, State

ATTEMPTS = 2
"""After this many crashes during the same job, the engine gives up on it."""
RESULT = "result.json"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    request BLOB NOT NULL,
    key TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    created REAL NOT NULL,
    ended REAL,
    attempts INTEGER NOT NULL DEFAULT 0,
    error BLOB,
    acknowledged INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (state, number);
"""
_COLUMNS = "id, kind, request, state, created, attempts, error, acknowledged"


@dataclass(frozen=True)
class Job:
    """A job, as a row of the database."""

    id: str
    kind: Kind
    body: bytes
    """The request, as JSON."""
    state: State
    created: float
    attempts: int
    error: ErrorReply | None
    acknowledged: bool

    @property
    def request(self) -> JobRequest:
        """Raises EngineError if another version of the engine stored a request that this one can't read."""
        try:
            return loads(REQUESTS[self.kind], self.body)
        except (EngineError, KeyError) as error:
            raise EngineError(
                "job_unreadable",
                "This job was stored by another version of got_desktop, which wrote its request differently.",
                "Submit it again.",
            ) from error

    @property
    def image(self) -> str | None:
        """The id of the picture that the request needs."""
        try:
            return getattr(self.request, "image", None)
        except EngineError:
            return None


class Store:
    """The database and the folder of results, for one engine. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        self.results = folder / "results"
        self.results.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._database = sqlite3.connect(folder / "jobs.sqlite", check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.execute("PRAGMA cache_size=-256")  # KiB; enough, because jobs are looked up by id
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._database.close()

    # the life of a job

    def add(self, kind: Kind, request: JobRequest, key: str) -> tuple[Job, bool]:
        """(the job, whether it is new): submitting the same key and request again returns the same job.

        Raises RequestError if the key was used for a different request.
        """
        body = dumps(request)
        with self._lock:
            rows = self._rows("SELECT id, kind, request FROM jobs WHERE key = ?", key)
            if rows:
                id, stored_kind, stored_body = rows[0]
                if (stored_kind, stored_body) != (kind, body):
                    raise RequestError(
                        "key_used", "This idempotency key was used for another request.", "Use a new one."
                    )
                return self.get(id), False
            id = secrets.token_hex(16)
            self._do(
                "INSERT INTO jobs (id, kind, request, key, state, created) VALUES (?, ?, ?, ?, 'queued', ?)",
                id, kind, body, key, time.time(),
            )  # fmt: skip
            return self.get(id), True

    def begin(self, id: str) -> Job:
        """Sets the job to running, and counts the attempt, so that a job that crashes engines is detected."""
        self._do("UPDATE jobs SET state = 'running', attempts = attempts + 1 WHERE id = ?", id)
        return self.get(id)

    def finish(self, id: str, result: JobResult, files: Mapping[str, bytes]) -> None:
        """Writes a result, and then sets the job to done. Raises OSError or sqlite3.Error; the job is not done then."""
        write_folder(self.results / id, {**files, RESULT: dumps(result)})
        self.end(id, "done", None)

    def put_back(self, id: str) -> None:
        """Puts the job back in the queue without counting the attempt, because the engine shut down normally."""
        self._do("UPDATE jobs SET state = 'queued', attempts = attempts - 1 WHERE id = ? AND state = 'running'", id)

    def acknowledge(self, id: str) -> None:
        """Marks the outcome as received. The result is removed; the job and its key stay for a while."""
        self.get(id)
        self._do("UPDATE jobs SET acknowledged = 1 WHERE id = ?", id)
        shutil.rmtree(self.results / id, ignore_errors=True)

    def end(self, id: str, state: State, error: EngineError | None) -> None:
        """Sets a final state."""
        reply = dumps(ErrorReply.of(error)) if error else None
        self._do("UPDATE jobs SET state = ?, error = ?, ended = ? WHERE id = ?", state, reply, time.time(), id)

    # queries

    def knows(self, key: str) -> bool:
        """Whether a job was submitted with this key."""
        return bool(self._rows("SELECT 1 FROM jobs WHERE key = ?", key))

    def get(self, id: str) -> Job:
        """Raises NotFound."""
        rows = self._rows(f"SELECT {_COLUMNS} FROM jobs WHERE id = ?", id)
        if not rows:
            raise NotFound("job_unknown", "There is no such job, or it no longer exists.", "See the list of jobs.")
        return _job(rows[0])

    def list(self, unacknowledged: bool = False) -> list[Job]:
        """The oldest first."""
        where = "WHERE acknowledged = 0" if unacknowledged else ""
        return [_job(row) for row in self._rows(f"SELECT {_COLUMNS} FROM jobs {where} ORDER BY number")]

    def queued(self) -> list[str]:
        """Ids of the waiting jobs, in order."""
        return [id for (id,) in self._rows("SELECT id FROM jobs WHERE state = 'queued' ORDER BY number")]

    def result(self, id: str) -> JobResult:
        """Raises NotFound if there is no result."""
        return loads(JobResult, self._read(id, RESULT))

    def file(self, id: str, name: str) -> bytes:
        """A file of the result. Raises NotFound for a name that is not in the result."""
        if name not in {file.name for file in self.result(id).files}:
            raise NotFound(
                "file_unknown", "The result has no file “{name}”.", "See the result's list of files.", name=name[:100]
            )
        return self._read(id, name)

    def _read(self, id: str, name: str) -> bytes:
        job = self.get(id)
        if job.state == "done" and not job.acknowledged:
            try:
                return (self.results / job.id / name).read_bytes()
            except FileNotFoundError:
                pass  # removed by `sweep`
        raise NotFound("result_unknown", "The job has no result, or it was deleted.", "Submit the request again.")

    # after a crash, and retention

    def recover(self) -> None:
        """Restores the state of each job that a crashed engine left behind."""
        for leftover in self.results.glob(".*.tmp"):
            shutil.rmtree(leftover, ignore_errors=True)
        for job in self.list():
            if job.state not in ("queued", "running"):
                continue
            if (self.results / job.id / RESULT).exists():  # the result is complete, only the state is missing
                self.end(job.id, "done", None)
            elif job.state == "queued":
                continue
            elif job.attempts >= ATTEMPTS:
                self.end(job.id, "failed", _quarantined())
            else:
                self._do("UPDATE jobs SET state = 'queued' WHERE id = ?", job.id)

    def pictures_in_use(self) -> set[str]:
        """Ids of the pictures that jobs still need."""
        waiting = [job for job in self.list(unacknowledged=True) if job.state in ("queued", "running")]
        return {job.image for job in waiting if job.image}

    def old_results(self) -> list[tuple[float, int, str]]:
        """(end time, bytes, job id) of each result, the oldest first."""
        rows = self._rows("SELECT id, ended FROM jobs WHERE state = 'done' AND acknowledged = 0 ORDER BY ended")
        folders = [(ended, self.results / id) for id, ended in rows]
        return [(ended, folder_bytes(folder), folder.name) for ended, folder in folders if folder.exists()]

    def forget(self, before: float) -> None:
        """Removes the jobs that ended before this time, with their results."""
        for (id,) in self._rows("SELECT id FROM jobs WHERE ended < ?", before):
            shutil.rmtree(self.results / id, ignore_errors=True)
            self._do("DELETE FROM jobs WHERE id = ?", id)

    def remove_result(self, id: str) -> None:
        shutil.rmtree(self.results / id, ignore_errors=True)

    def _rows(self, query: str, *values: object) -> list[tuple]:
        with self._lock:
            return self._database.execute(query, values).fetchall()

    def _do(self, statement: str, *values: object) -> None:
        with self._lock:
            self._database.execute(statement, values)  # a transaction of its own, so it is on disk when this returns


def _job(row: tuple) -> Job:
    id, kind, body, state, created, attempts, error, acknowledged = row
    return Job(id, kind, body, state, created, attempts, _reply(error) if error else None, bool(acknowledged))


def _reply(error: bytes) -> ErrorReply:
    try:
        return loads(ErrorReply, error)
    except EngineError:
        unreadable = EngineError(
            "error_unreadable", "This job failed in another version of got_desktop.", "Submit it again."
        )
        return ErrorReply.of(unreadable)


def _quarantined() -> EngineError:
    return EngineError(
        "job_quarantined",
        "The engine crashed {count} times while running this job, so the job was given up.",
        "Try a smaller picture or other options; `got doctor` checks this machine.",
        count=ATTEMPTS,
    )
