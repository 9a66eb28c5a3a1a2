"""The app's connection to the engine: starts it in the background, watches it and runs jobs that can be cancelled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from engine.api import launch
from engine.api.client import HANGS, EngineClient
from engine.api.errors import Cancelled, EngineError, EngineUnavailable
from engine.api.launch import Engine
from engine.api.notes import Note
from engine.api.protocol import Adapter, Event, JobRequest, JobResult, JobState, Model, System, UnloadRequest
from got_desktop.background import Background, Task

T = TypeVar("T")
CLIENT = "got app"
_LOOK_EVERY = 1500
_ASK_AGAIN = 0.2
"""Seconds between attempts to reach an engine that does not answer."""


@dataclass(frozen=True)
class Condition:
    """The engine's condition, for the status bar."""

    state: str
    """ "starting", "ready", "busy", "restarting" or "down"."""
    system: System | None = None
    error: EngineError | None = None


@dataclass(frozen=True)
class Offer:
    """The models and adapters that the engine offers."""

    models: tuple[Model, ...]
    adapters: tuple[Adapter, ...]


class Running:
    """A running job; may be used on any thread."""

    def __init__(self) -> None:
        self.id = ""
        self.cancelled, self.ended = threading.Event(), threading.Event()
        self._engine: Engine | None = None

    def set_job(self, engine: Engine, id: str) -> None:
        """Records the job's id; the engine can cancel the job from now on."""
        self._engine, self.id = engine, id

    def cancel(self) -> None:
        """Cancels the job once the engine has it, and tries again while the engine does not answer. Slow."""
        self.cancelled.set()
        while not self.ended.is_set():
            try:
                if self._engine is not None:
                    self._engine.client.cancel(self.id)
                    return
            except EngineUnavailable:
                pass
            except EngineError:  # the job has ended
                return
            self.ended.wait(_ASK_AGAIN)

    def check(self) -> None:
        if self.cancelled.is_set():
            raise Cancelled()


class EngineLink(QObject):
    condition_changed = Signal(object)
    offer_changed = Signal(object)

    def __init__(self, background: Background) -> None:
        super().__init__()
        self.background = background
        self.condition = Condition("starting")
        self.offer = Offer((), ())
        self.device = "auto"
        """The device that jobs run on."""
        self._engine: Engine | None = None
        self._connecting = threading.Lock()
        self._is_closed = False
        self._looking = False
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_EVERY)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        """Finds or starts the engine in the background and then watches it."""
        self._set(Condition("starting"))
        self.background.run(lambda say: self._offer(), self._set_offer, self._fail, waits=True)
        self._timer.start()

    def engine(self) -> Engine:
        """The engine, which is started if necessary. Slow. Raises EngineUnavailable."""
        with self._connecting:
            if self._engine is None:
                self._engine = launch.connect(CLIENT)
            return self._engine

    def refresh(self) -> None:
        """Fetches the lists of models and adapters again."""
        self.background.run(lambda say: self._offer(), self._set_offer, self._fail, waits=True)

    def ask(
        self,
        question: Callable[[EngineClient], T],
        on_done: Callable[[T], None],
        on_error: Callable[[EngineError], None] | None = None,
    ) -> Task[T]:
        """Sends one short request to the engine."""
        return self.background.run(lambda say: question(self.engine().client), on_done, on_error, waits=True)

    def run(
        self,
        request: Callable[[EngineClient], JobRequest],
        fetch: Callable[[EngineClient, JobResult], T],
        on_event: Callable[[Event], None],
        on_done: Callable[[T], None],
        on_error: Callable[[EngineError], None],
    ) -> Running:
        """Runs a job, from its request, which may upload files, to fetching its result.

        The job survives a crash of the engine. The engine keeps the outcome until it is acknowledged.
        """

        def run(engine: Engine, running: Running, say: Callable[[object], None]) -> JobState:
            job_request = self._persist(engine, running, lambda: request(engine.client))
            if not isinstance(job_request, UnloadRequest):
                job_request = replace(job_request, device=self.device)
            running.check()
            return engine.run(job_request, say, lambda state: running.set_job(engine, state.id))

        return self._to_its_end(run, fetch, on_event, on_done, on_error)

    def resume(
        self,
        job: str,
        fetch: Callable[[EngineClient, JobResult], T],
        on_event: Callable[[Event], None],
        on_done: Callable[[T], None],
        on_error: Callable[[EngineError], None],
    ) -> Running:
        """Follows a job of an earlier window, as `run` does with a new one. on_error gets NotFound if it is gone."""

        def follow(engine: Engine, running: Running, say: Callable[[object], None]) -> JobState:
            running.set_job(engine, job)
            return engine.follow(job, say)

        return self._to_its_end(follow, fetch, on_event, on_done, on_error)

    def _to_its_end(
        self,
        run: Callable[[Engine, Running, Callable[[object], None]], JobState],
        fetch: Callable[[EngineClient, JobResult], T],
        on_event: Callable[[Event], None],
        on_done: Callable[[T], None],
        on_error: Callable[[EngineError], None],
    ) -> Running:
        running = Running()

        def work_to_its_end(say: Callable[[object], None]) -> T:
            try:
                engine = self.engine()
                job = run(engine, running, say)
                return self._persist(engine, running, lambda: fetch(engine.client, engine.client.result(job.id)))
            finally:
                running.ended.set()

        self.background.run(work_to_its_end, on_done, on_error, on_event, waits=True)
        return running

    def _persist(self, engine: Engine, running: Running, call: Callable[[], T]) -> T:
        """Makes a call before or after the job, and repeats it once if the engine died meanwhile."""
        try:
            return call()
        except EngineUnavailable:
            running.check()
            engine.revive()
            return call()

    def cancel(self, running: Running) -> None:
        """Cancels the job at its next token or step."""
        running.cancelled.set()
        self.background.run(lambda say: running.cancel(), lambda nothing: None, waits=True)

    def abandon(self, running: Running) -> None:
        """Cancels the job and discards its outcome."""
        self.cancel(running)
        self.acknowledge(running.id)

    def acknowledge(self, id: str) -> None:
        """Tells the engine, without waiting for the answer, that the outcome is no longer needed."""
        if id:
            self.ask(lambda client: client.acknowledge(id), lambda nothing: None, lambda error: None)

    def stop_watching(self) -> None:
        self._is_closed = True
        self._timer.stop()

    def close(self) -> None:
        """Releases the lease. Slow if the engine does not answer."""
        if self._engine is not None:
            self._engine.close()

    def ask_devices(self, on_done: Callable[[tuple[Note, ...]], None]) -> None:
        """Asks for the devices, and again while a new engine is still loading PyTorch."""

        def retry(error: EngineError) -> None:
            if error.code == HANGS and not self._is_closed:
                QTimer.singleShot(_LOOK_EVERY, self, lambda: self.ask_devices(on_done))

        self.ask(lambda client: client.devices(), on_done, retry)

    # watching

    def _offer(self) -> tuple[Offer, System]:
        client = self.engine().client
        return Offer(client.models().models, client.adapters().adapters), client.system()

    def _set_offer(self, answer: tuple[Offer, System]) -> None:
        self.offer, system = answer
        self.offer_changed.emit(self.offer)
        self._set(Condition("busy" if system.running else "ready", system))

    def _fail(self, error: EngineError) -> None:
        self._set(Condition("down", error=error))

    def look(self) -> None:
        """Updates the engine's condition now."""
        if self._looking or self._is_closed or self._engine is None:
            return
        self._looking = True
        self.background.run(lambda say: self.engine().client.system(), self._set_system, self._restart, waits=True)

    def _set_system(self, system: System) -> None:
        self._looking = False
        self._set(Condition("busy" if system.running else "ready", system))
        if not self.offer.models:
            self.refresh()  # the engine did not answer the first request

    def _restart(self, error: EngineError) -> None:
        self._looking = False
        self._set(Condition("restarting", error=error))
        if not self._is_closed:
            self.background.run(lambda say: self._revive(), self._set_system, self._fail, waits=True)

    def _revive(self) -> System:
        engine = self.engine()
        engine.revive()
        return engine.client.system()

    def _set(self, condition: Condition) -> None:
        self.condition = condition
        self.condition_changed.emit(condition)
