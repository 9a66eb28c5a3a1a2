"""The app's tie to the engine: starts it in the background, watches it, and runs jobs that can be cancelled."""

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
"""Seconds after which an engine that could not be asked is asked again."""


@dataclass(frozen=True)
class Condition:
    """How the engine does, for the status bar."""

    state: str
    """ "starting", "ready", "busy", "restarting", "down"."""
    system: System | None = None
    error: EngineError | None = None


@dataclass(frozen=True)
class Offer:
    """What the engine has to choose from."""

    models: tuple[Model, ...]
    adapters: tuple[Adapter, ...]


class Running:
    """A job under way, from any thread."""

    def __init__(self) -> None:
        self.id = ""
        self.stopped, self.ended = threading.Event(), threading.Event()
        self._engine: Engine | None = None

    def submitted(self, engine: Engine, job: JobState) -> None:
        """It can be cancelled at the engine from now on."""
        self._engine, self.id = engine, job.id

    def cancel(self) -> None:
        """Slow: it speaks with the engine, once that has the job; again where it gives no answer."""
        self.stopped.set()
        while not self.ended.is_set():
            try:
                if self._engine is not None:
                    self._engine.client.cancel(self.id)
                    return
            except EngineUnavailable:
                pass
            except EngineError:  # it is over
                return
            self.ended.wait(_ASK_AGAIN)

    def check(self) -> None:
        if self.stopped.is_set():
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
        """What jobs run on."""
        self._engine: Engine | None = None
        self._connecting = threading.Lock()
        self._closed = False
        self._looking = False
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_EVERY)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        """Finds or starts the engine in the background, and watches it from then on."""
        self._set(Condition("starting"))
        self.background.run(lambda say: self._offer(), self._offered, self._failed, waits=True)
        self._timer.start()

    def engine(self) -> Engine:
        """The engine, started if need be. Slow. Raises EngineUnavailable."""
        with self._connecting:
            if self._engine is None:
                self._engine = launch.connect(CLIENT)
            return self._engine

    def refresh(self) -> None:
        """Asks again what models and adapters there are."""
        self.background.run(lambda say: self._offer(), self._offered, self._failed, waits=True)

    def ask(
        self,
        question: Callable[[EngineClient], T],
        on_done: Callable[[T], None],
        on_error: Callable[[EngineError], None] | None = None,
    ) -> Task[T]:
        """One short exchange with the engine."""
        return self.background.run(lambda say: question(self.engine().client), on_done, on_error, waits=True)

    def run(
        self,
        request: Callable[[EngineClient], JobRequest],
        fetch: Callable[[EngineClient, JobResult], T],
        on_event: Callable[[Event], None],
        on_done: Callable[[T], None],
        on_error: Callable[[EngineError], None],
    ) -> Running:
        """A job from its request, which may upload, to what is fetched of its result.

        It goes on over a crash of the engine. The engine keeps the outcome until it is acknowledged.
        """
        running = Running()

        def work(say: Callable[[object], None]) -> T:
            engine = self.engine()
            asked = self._persist(engine, running, lambda: request(engine.client))
            if not isinstance(asked, UnloadRequest):
                asked = replace(asked, device=self.device)
            running.check()
            job = engine.run(asked, say, lambda state: running.submitted(engine, state))
            return self._persist(engine, running, lambda: fetch(engine.client, engine.client.result(job.id)))

        def work_to_its_end(say: Callable[[object], None]) -> T:
            try:
                return work(say)
            finally:
                running.ended.set()

        self.background.run(work_to_its_end, on_done, on_error, on_event, waits=True)
        return running

    def _persist(self, engine: Engine, running: Running, call: Callable[[], T]) -> T:
        """What is asked before and after the job, once more where the engine died meanwhile."""
        try:
            return call()
        except EngineUnavailable:
            running.check()
            engine.revive()
            return call()

    def cancel(self, running: Running) -> None:
        """Ends the job at its next token or step."""
        running.stopped.set()
        self.background.run(lambda say: running.cancel(), lambda nothing: None, waits=True)

    def abandon(self, running: Running) -> None:
        """Ends the job, and whatever came of it is not kept."""
        self.cancel(running)
        self.acknowledge(running.id)

    def acknowledge(self, id: str) -> None:
        """The outcome has arrived and is kept; nobody waits for the answer."""
        if id:
            self.ask(lambda client: client.acknowledge(id), lambda nothing: None, lambda error: None)

    def stop_watching(self) -> None:
        self._closed = True
        self._timer.stop()

    def close(self) -> None:
        """Gives the lease back. Slow where the engine does not answer."""
        if self._engine is not None:
            self._engine.close()

    def ask_devices(self, on_done: Callable[[tuple[Note, ...]], None]) -> None:
        """What models can be run on; asked again while an engine that has just started loads PyTorch for the answer."""

        def not_yet(error: EngineError) -> None:
            if error.code == HANGS and not self._closed:
                QTimer.singleShot(_LOOK_EVERY, self, lambda: self.ask_devices(on_done))

        self.ask(lambda client: client.devices(), on_done, not_yet)

    # watching

    def _offer(self) -> tuple[Offer, System]:
        client = self.engine().client
        return Offer(client.models().models, client.adapters().adapters), client.system()

    def _offered(self, found: tuple[Offer, System]) -> None:
        self.offer, system = found
        self.offer_changed.emit(self.offer)
        self._set(Condition("busy" if system.running else "ready", system))

    def _failed(self, error: EngineError) -> None:
        self._set(Condition("down", error=error))

    def look(self) -> None:
        """Sees at once how the engine does."""
        if self._looking or self._closed or self._engine is None:
            return
        self._looking = True
        self.background.run(lambda say: self.engine().client.system(), self._looked, self._not_seen, waits=True)

    def _looked(self, system: System) -> None:
        self._looking = False
        self._set(Condition("busy" if system.running else "ready", system))
        if not self.offer.models:
            self.refresh()  # the engine did not answer when it was asked first

    def _not_seen(self, error: EngineError) -> None:
        self._looking = False
        self._set(Condition("restarting", error=error))
        if not self._closed:
            self.background.run(lambda say: self._revive(), self._looked, self._failed, waits=True)

    def _revive(self) -> System:
        engine = self.engine()
        engine.revive()
        return engine.client.system()

    def _set(self, condition: Condition) -> None:
        self.condition = condition
        self.condition_changed.emit(condition)
