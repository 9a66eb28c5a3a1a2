"""The thread that owns the device: takes jobs from the queue and runs them one at a time."""

from __future__ import annotations

import gc
import logging
import sqlite3
import threading
import time
import traceback
from functools import partial

from engine.api.errors import Cancelled, EngineError
from engine.api.protocol import JobResult, LoadRequest, UnloadRequest
from engine.jobs.pictures import Pictures
from engine.jobs.queue import JobQueue
from engine.jobs.reporter import Reporter
from engine.jobs.shelf import ModelShelf
from engine.jobs.store import Job

_REST = 5.0
"""Seconds between two checks of an idle model."""

log = logging.getLogger(__name__)


class Worker(threading.Thread):
    """Runs until the queue is closed."""

    def __init__(self, queue: JobQueue, pictures: Pictures, shelf: ModelShelf) -> None:
        super().__init__(name="worker", daemon=True)
        self.queue = queue
        self.pictures = pictures
        self.shelf = shelf
        self._closed = threading.Event()

    def run(self) -> None:
        while not self._closed.is_set():
            try:
                job = self.queue.take(0.0 if self.shelf.cold else _REST)
            except sqlite3.Error as error:  # the disk is full; the job keeps waiting
                log.error("a job cannot begin: %s", error)
                self._closed.wait(1.0)
                continue
            if job is None:
                self.shelf.rest(self.queue.wanted)
            else:
                self._run(job)
                gc.collect()  # frees reference cycles with pictures and tensors, which would stay for many jobs

    def close(self, timeout: float) -> bool:
        """Ends the thread, and the running job at its next token or step. Returns whether it ended in time."""
        self._closed.set()
        self.queue.close()
        self.join(timeout)
        return not self.is_alive()

    def _run(self, job: Job) -> None:
        started = time.monotonic()
        log.info("job begins", extra={"job": job.id, "kind": job.kind, "attempt": job.attempts})
        try:
            result, files = self._do(job)
        except EngineError as error:
            self.queue.fail(job.id, error)
            outcome = error.code
        except Exception as error:  # whatever happened, the next job must run
            log.error("job failed unexpectedly", extra={"job": job.id, "fault": traceback.format_exc()})
            self.queue.fail(job.id, _unexpected(error))
            outcome = type(error).__name__
        else:
            self.queue.finish(job.id, result, files)
            outcome = "done"
        log.info("job ends", extra={"job": job.id, "ended": outcome, "seconds": round(time.monotonic() - started, 3)})

    def _do(self, job: Job) -> tuple[JobResult, dict[str, bytes]]:
        request, reporter = job.request, Reporter(partial(self.queue.say, job.id))
        if isinstance(request, UnloadRequest):
            self.shelf.unload()
            return _nothing(job, reporter), {}
        reporter.stage("load")
        on_part = partial(self._loading, reporter, request.model)
        pipeline = self.shelf.take(request.model, request.device, request.adapters, on_part)
        if isinstance(request, LoadRequest):
            reporter.stage("")
            return _nothing(job, reporter, request.model), {}
        from engine.jobs.memory import within_memory
        from engine.jobs.tasks import Task

        task = Task(job, pipeline, self.pictures, reporter)
        run = partial(task.run, self.queue.stopped)
        result, files = within_memory(pipeline, run, reporter.note, reporter.again)
        return result, dict(files)

    def _loading(self, reporter: Reporter, model: str, done: int, total: int) -> None:
        if self.queue.stopped():
            raise Cancelled()
        reporter.loading(model, done, total)


def _nothing(job: Job, reporter: Reporter, model: str = "") -> JobResult:
    """The result of a job that produces no files."""
    return JobResult(job.id, job.kind, "", (), model, {}, reporter.seconds, (), ())


def _unexpected(error: Exception) -> EngineError:
    return EngineError(
        "unexpected",
        "An unexpected error occurred in the engine ({kind}).",
        "See the engine's log for details, and please report this error.",
        kind=type(error).__name__,
    )
