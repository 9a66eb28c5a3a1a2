"""The parts of an engine, and its lifetime."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from engine.api.runtime import Runtime, remove_runtime, write_runtime
from engine.jobs.pictures import Pictures
from engine.jobs.queue import JobQueue
from engine.jobs.retention import sweep
from engine.jobs.shelf import ModelShelf
from engine.jobs.store import Store
from engine.jobs.worker import Worker
from engine.server.leases import Leases
from engine.settings import EngineSettings

WORKER_TIMEOUT = 4.0
"""Seconds that the running job gets to reach its next token or step during shutdown."""
_LOOK = 0.25
_SWEEP = 3600.0

log = logging.getLogger(__name__)


class EngineState:
    """Store, queue, worker and leases, and the decision when to shut down."""

    def __init__(self, settings: EngineSettings, runtime: Runtime) -> None:
        self.settings = settings
        self.runtime = runtime
        self.started = time.monotonic()
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.store = Store(settings.data)
        self.store.recover()
        self.pictures = Pictures(settings.data / "pictures")
        self.queue = JobQueue(self.store, settings.queue, settings.free_bytes)
        self.shelf = ModelShelf(settings.unload, settings.weights)
        self.worker = Worker(self.queue, self.pictures, self.shelf)
        self.leases = Leases(settings.lease)
        self.closing = False
        self.streams: set[asyncio.Event] = set()
        """Set to wake the open streams, which then notice that the engine is closing."""
        self.exit: Callable[[], None] = lambda: None
        """Stops the server; set by the server."""

    def open(self) -> None:
        """Starts serving."""
        self.worker.start()
        write_runtime(self.settings.runtime, self.runtime)
        log.info("engine serves", extra={"port": self.runtime.port, "pid": self.runtime.pid})

    async def watch(self) -> None:
        """Shuts down when no client needs the engine, and removes old results from time to time."""
        next_sweep = 0.0
        while not self.closing:
            if time.monotonic() >= next_sweep:
                next_sweep = time.monotonic() + _SWEEP
                settings = self.settings
                await asyncio.to_thread(sweep, self.store, self.pictures, settings.keep_days, settings.keep_bytes)
            if self.leases.alone_for() > self.settings.grace:
                log.info("nobody is left")
                self.leave()
            await asyncio.sleep(_LOOK)

    def leave(self) -> None:
        """Removes the runtime file, ends streams and stops the server. Call it on the event loop's thread."""
        self.closing = True
        remove_runtime(self.settings.runtime, self.runtime)
        for stream in self.streams:
            stream.set()
        self.exit()

    def close(self) -> None:
        """The last step of shutdown: puts the running job back in the queue for the next engine."""
        if not self.worker.close(WORKER_TIMEOUT) and self.queue.running:
            self.store.put_back(self.queue.running)
        self.store.close()
        log.info("engine ends")
