"""Session: a plug-in's way to the engine. One thing runs at a time, in a thread; the host hears of it in its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar

from engine.api.errors import Cancelled, EngineError
from engine.api.launch import Engine
from engine.api.protocol import Event, JobState
from plugins.common.jobs import Heard
from plugins.common.product import connect, missing

T = TypeVar("T")
Work = Callable[[Engine, Heard], T]


class Run(Generic[T]):
    """One piece of work: what is called when it goes on or ends, always by way of the host's own thread."""

    def __init__(
        self,
        done: Callable[[T], None],
        failed: Callable[[EngineError], None],
        event: Callable[[Event], None] = lambda event: None,
    ) -> None:
        self.done, self.failed, self.event = done, failed, event
        self.job: JobState | None = None
        self.cancelled = threading.Event()


class Session:
    """`deliver` calls a function in the host's own thread; `folder` is the plug-in's, with the marker in it."""

    def __init__(self, name: str, folder: Path, deliver: Callable[[Callable[[], None]], None]) -> None:
        self.name, self.folder, self.deliver = name, folder, deliver
        self._engine: Engine | None = None
        self._run: Run | None = None

    @property
    def busy(self) -> bool:
        return self._run is not None

    def begin(self, work: Work[T], run: Run[T]) -> None:
        """Starts a piece of work; the session has to be free."""
        assert self._run is None
        self._run = run
        threading.Thread(target=self._work, args=(work, run), name="got work", daemon=True).start()

    def cancel(self) -> None:
        """Ends what runs at its next token or step; nothing where nothing runs."""
        run, engine = self._run, self._engine
        if run is None:
            return
        run.cancelled.set()
        if run.job and engine:
            threading.Thread(target=_cancel, args=(engine, run.job), name="got cancel", daemon=True).start()

    def close(self) -> None:
        """Cancels what runs and gives the lease back. Waits for the engine, a few seconds at most."""
        run, engine, self._engine = self._run, self._engine, None
        if engine is None:
            return
        if run and run.job:
            _cancel(engine, run.job)
        engine.close()

    def _work(self, work: Work[T], run: Run[T]) -> None:
        try:
            result = work(self._connected(), self._heard(run))
        except EngineError as error:
            self._end(run.failed, error)
        except FileNotFoundError:  # the engine's program
            self._end(run.failed, missing())
        except Exception as error:  # the one door for a fault of ours: the user is told, the host goes on
            self._end(
                run.failed,
                EngineError(
                    "unexpected",
                    "An unexpected error occurred: {error}.",
                    "Please report this error.",
                    error=repr(error),
                ),
            )
        else:
            self._end(run.done, result)

    def _end(self, call: Callable[[T], None], value: T) -> None:
        def end() -> None:
            self._run = None
            call(value)

        self.deliver(end)

    def _connected(self) -> Engine:
        if self._engine is None:
            self._engine = connect(self.name, self.folder)
        else:
            self._engine.revive()  # it may have crashed, or been ended, since the last piece of work
        return self._engine

    def _heard(self, run: Run) -> Heard:
        def heard_job(job: JobState) -> None:
            run.job = job
            if run.cancelled.is_set() and self._engine:  # the user was faster than the queue
                _cancel(self._engine, job)

        def heard_event(event: Event) -> None:
            self.deliver(lambda: run.event(event))

        if run.cancelled.is_set():
            raise Cancelled()
        return Heard(heard_event, heard_job)


def _cancel(engine: Engine, job: JobState) -> None:
    with suppress(EngineError):  # whoever waits for the job is told
        engine.client.cancel(job.id)
