"""The job queue: clients submit, inspect and cancel jobs, and the worker takes the next one."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.api.errors import Busy, Cancelled, EngineError, NotFound, OutputError
from engine.api.protocol import (
    ErrorReply,
    Event,
    Finished,
    JobRequest,
    JobResult,
    JobState,
    Kind,
    Queued,
    Started,
    State,
)
from engine.jobs.events import EventLog
from engine.jobs.store import Job, Store

_LOGS_KEPT = 32
"""Finished jobs whose events are kept."""


@dataclass(frozen=True)
class _Unsaved:
    """Outcome of a job that could not be written to disk; the next engine repeats the job."""

    state: State
    error: EngineError
    result: JobResult | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)


class JobQueue:
    """The only access to the jobs, for the server's threads and the worker's."""

    def __init__(self, store: Store, size: int = 64, free_bytes: int = 0) -> None:
        self.store = store
        self.size = size
        self.free_bytes = free_bytes
        self._changed = threading.Condition()
        self._waiting = store.queued()
        self._running: str | None = None
        self._stop = threading.Event()
        self._closed = False
        self._logs: OrderedDict[str, EventLog] = OrderedDict((id, EventLog()) for id in self._waiting)
        self._unsaved: dict[str, _Unsaved] = {}

    # for clients

    def submit(self, kind: Kind, request: JobRequest, key: str) -> JobState:
        """Raises Busy if the queue is full, OutputError if the disk is, and RequestError if the key belongs to another
        request."""
        with self._changed:
            if not self.store.knows(key):
                self._check_room()
            job, new = self.store.add(kind, request, key)
            if new:
                self._waiting.append(job.id)
                self._log(job.id).add(Queued(self._position(job.id) or 0))
                self._changed.notify_all()
        return self.state(job.id)

    def _check_room(self) -> None:
        if len(self._waiting) >= self.size:
            raise Busy(
                "queue_full",
                "The queue is full: {count} jobs are already waiting.",
                "Try again later.",
                count=self.size,
            )
        free = shutil.disk_usage(self.store.results).free
        if free < self.free_bytes:
            raise OutputError(
                "disk_full",
                "The engine's disk has only {free:.0f} MB left.",
                "Free at least {needed:.0f} MB.",
                free=free / 1e6,
                needed=self.free_bytes / 1e6,
            )

    def state(self, id: str) -> JobState:
        """Raises NotFound."""
        return self._state(self.store.get(id))

    def list(self, unacknowledged: bool = False) -> list[JobState]:
        return [self._state(job) for job in self.store.list(unacknowledged)]

    def _state(self, job: Job) -> JobState:
        unsaved = self._unsaved.get(job.id)
        log = self._logs.get(job.id)
        return JobState(
            id=job.id,
            kind=job.kind,
            state=unsaved.state if unsaved else job.state,
            created=job.created,
            position=self._position(job.id) if job.state == "queued" else None,
            attempts=job.attempts,
            chain=log.chain if log else "",
            error=ErrorReply.of(unsaved.error) if unsaved else job.error,
            saved=unsaved is None,
            acknowledged=job.acknowledged,
        )

    def _position(self, id: str) -> int | None:
        with self._changed:
            ahead = self._waiting.index(id) if id in self._waiting else None
            return None if ahead is None else ahead + (self._running is not None)

    def cancel(self, id: str) -> JobState:
        """Removes a waiting job; a running one ends at its next token or step. Raises NotFound."""
        with self._changed:
            if id in self._waiting:
                self._waiting.remove(id)
                self.store.end(id, "cancelled", Cancelled())
                self._over(id)
            elif id == self._running:
                self._stop.set()
        return self.state(id)

    def acknowledge(self, id: str) -> None:
        """Raises NotFound, and EngineError if the job is not over yet."""
        if not self.state(id).final:
            raise EngineError("job_not_over", "The job is not finished yet.", "Wait for it, or cancel it.")
        self._unsaved.pop(id, None)
        self.store.acknowledge(id)

    def result(self, id: str) -> JobResult:
        unsaved = self._unsaved.get(id)
        return unsaved.result if unsaved and unsaved.result else self.store.result(id)

    def file(self, id: str, name: str) -> bytes:
        unsaved = self._unsaved.get(id)
        if unsaved is None:
            return self.store.file(id, name)
        if name not in unsaved.files:
            raise NotFound(
                "file_unknown", "The result has no file “{name}”.", "See the result's list of files.", name=name[:100]
            )
        return unsaved.files[name]

    def log(self, id: str) -> EventLog:
        """The events of the job; an empty log if they are gone. Raises NotFound for an unknown job."""
        self.store.get(id)
        with self._changed:
            return self._logs.get(id) or EventLog()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def running(self) -> str | None:
        return self._running

    # for the worker

    def take(self, timeout: float) -> Job | None:
        """The next job, now running; None if there is none within `timeout` seconds or the queue is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed, timeout)
            if not self._waiting or self._closed:
                return None
            id = self._waiting[0]
            job = self.store.begin(id)
            del self._waiting[0]
            self._running = id
            self._stop.clear()
            self._log(id).add(Started(job.attempts))
            for position, other in enumerate(self._waiting, start=1):
                self._log(other).add(Queued(position))
            return job

    def say(self, id: str, event: Event) -> None:
        self._log(id).add(event)

    def stopped(self) -> bool:
        """Whether the running job must end, because it was canceled or the engine is closing."""
        return self._stop.is_set() or self._closed

    def wanted(self) -> bool:
        """Whether idle work must end, because a job is waiting or the engine is closing."""
        return bool(self._waiting) or self._closed

    def finish(self, id: str, result: JobResult, files: Mapping[str, bytes]) -> None:
        """Ends the running job with its result. If it cannot be written to disk, it stays in memory until the engine
        ends."""
        try:
            self.store.finish(id, result, files)
        except (OSError, sqlite3.Error) as error:
            self._unsaved[id] = _Unsaved("done", _not_saved(error), result, files)
        self._ended(id)

    def fail(self, id: str, error: EngineError) -> None:
        """Ends the running job without a result. If the engine is closing, the job continues at the next start."""
        if isinstance(error, Cancelled) and not self._stop.is_set():
            self.store.put_back(id)
            self._running = None
            return
        state: State = "cancelled" if isinstance(error, Cancelled) else "failed"
        try:
            self.store.end(id, state, error)
        except sqlite3.Error:
            self._unsaved[id] = _Unsaved(state, error)
        self._ended(id)

    def _ended(self, id: str) -> None:
        with self._changed:
            self._running = None
        self._over(id)

    def _over(self, id: str) -> None:
        self._log(id).add(Finished(self.state(id)))
        with self._changed:
            over = [id for id, log in self._logs.items() if log.finished]
            for old in over[:-_LOGS_KEPT]:
                del self._logs[old]

    def _log(self, id: str) -> EventLog:
        with self._changed:
            return self._logs.setdefault(id, EventLog())

    def close(self) -> None:
        """Hands out no more jobs, and ends the running one at its next token or step."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def _not_saved(error: Exception) -> OutputError:
    reason = getattr(error, "strerror", None) or str(error)
    return OutputError(
        "result_not_saved",
        "The result could not be written to the engine's disk: {reason}.",
        "Download it now: it stays in memory only until the engine exits. Then free some space.",
        reason=reason,
    )
