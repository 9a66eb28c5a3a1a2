"""Session: a plug-in's connection to the engine. It runs one piece of work at a time, in a thread of its own.

All callbacks are called in the host's thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar

from engine.api.errors import Cancelled, EngineError
from engine.api.launch import Engine
from engine.api.protocol import Event, JobState
from plugins.common.jobs import Callbacks
from plugins.common.product import connect, missing

T = TypeVar("T")
Work = Callable[[Engine, Callbacks], T]


class Run(Generic[T]):
    """One piece of work and its callbacks, which are always called in the host's own thread."""

    def __init__(
        self,
        on_done: Callable[[T], None],
        on_error: Callable[[EngineError], None],
        on_event: Callable[[Event], None] = lambda event: None,
    ) -> None:
        self.on_done, self.on_error, self.on_event = on_done, on_error, on_event
        self.job: JobState | None = None
        self.cancelled = threading.Event()


class Session:
    """`deliver` calls a function in the host's own thread; `folder` is the plug-in's folder with the marker."""

    def __init__(self, name: str, folder: Path, deliver: Callable[[Callable[[], None]], None]) -> None:
        self.name, self.folder, self.deliver = name, folder, deliver
        self._engine: Engine | None = None
        self._run: Run | None = None

    @property
    def busy(self) -> bool:
        return self._run is not None

    def begin(self, work: Work[T], run: Run[T]) -> None:
        """Starts a piece of work. The session must be free."""
        assert self._run is None
        self._run = run
        threading.Thread(target=self._work, args=(work, run), name="got work", daemon=True).start()

    def cancel(self) -> None:
        """Cancels the running work at its next token or step. Does nothing if nothing runs."""
        run, engine = self._run, self._engine
        if run is None:
            return
        run.cancelled.set()
        if run.job and engine:
            threading.Thread(target=_cancel, args=(engine, run.job), name="got cancel", daemon=True).start()

    def close(self) -> None:
        """Cancels the running work and releases the lease. Waits for the engine, for a few seconds at most."""
        run, engine, self._engine = self._run, self._engine, None
        if engine is None:
            return
        if run and run.job:
            _cancel(engine, run.job)
        engine.close()

    def _work(self, work: Work[T], run: Run[T]) -> None:
        try:
            result = work(self._connected(), self._callbacks(run))
        except EngineError as error:
            self._end(run.on_error, error)
        except FileNotFoundError:  # the engine's program is missing
            self._end(run.on_error, missing())
        except Exception as error:  # the only catch-all for bugs: the user is told, the host goes on
            self._end(
                run.on_error,
                EngineError(
                    "unexpected",
                    "An unexpected error occurred: {error}.",
                    "Please report this error.",
                    error=repr(error),
                ),
            )
        else:
            self._end(run.on_done, result)

    def _end(self, call: Callable[[T], None], value: T) -> None:
        def end() -> None:
            self._run = None
            call(value)

        self.deliver(end)

    def _connected(self) -> Engine:
        if self._engine is None:
            self._engine = connect(self.name, self.folder)
        else:
            self._engine.revive()  # it may have crashed or been stopped since the last piece of work
        return self._engine

    def _callbacks(self, run: Run) -> Callbacks:
        def on_job(job: JobState) -> None:
            run.job = job
            if run.cancelled.is_set() and self._engine:  # the user cancelled before the job was queued
                _cancel(self._engine, job)

        def on_event(event: Event) -> None:
            self.deliver(lambda: run.on_event(event))

        if run.cancelled.is_set():
            raise Cancelled()
        return Callbacks(on_event, on_job)


def _cancel(engine: Engine, job: JobState) -> None:
    with suppress(EngineError):  # the thread that waits for the job reports the error
        engine.client.cancel(job.id)
