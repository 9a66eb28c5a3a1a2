"""The life of an engine process, from taking its lock to shutdown."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from contextlib import ExitStack
from types import FrameType

import uvicorn

from engine.api.errors import EngineUnavailable
from engine.api.launch import find
from engine.api.runtime import Runtime, locked, open_folder, process_start
from engine.server.app import make_app
from engine.server.logs import open_log
from engine.server.state import EngineState
from engine.settings import EngineSettings

LOCK_TIMEOUT = 20.0
"""Seconds that an engine waits for the previous one to end."""
_LOOK = 1.0
"""Seconds between two checks whether the other engine is serving requests."""
STREAM_TIMEOUT = 3
"""Seconds that open streams get to end."""
LAST_RESORT = 9.5
"""Seconds after which an engine that is shutting down exits, whatever is still running."""


def serve(settings: EngineSettings) -> None:
    """Serves until no client needs the engine. Only one engine runs at a time: a second one waits, and then exits.

    Raises EngineUnavailable if the runtime folder is not safe, or if another engine keeps the lock without serving.
    """
    folder = open_folder(settings.runtime)
    deadline = time.monotonic() + LOCK_TIMEOUT
    with ExitStack() as locks:
        while True:
            try:
                locks.enter_context(locked(folder / "engine.lock", _LOOK))
                break
            except EngineUnavailable:
                if find(folder):
                    return
                if time.monotonic() > deadline:
                    raise
        _serve(settings)


def _serve(settings: EngineSettings) -> None:
    open_log(settings.data)
    with listen() as listener:
        started = process_start(os.getpid())
        assert started is not None  # this process is alive
        runtime = Runtime(listener.getsockname()[1], os.getpid(), started, secrets.token_urlsafe(32))
        engine = EngineState(settings, runtime)
        config = uvicorn.Config(
            make_app(engine),
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=STREAM_TIMEOUT,
            ws="none",
        )
        _Server(config, engine).run(sockets=[listener])


def listen() -> socket.socket:
    """Listens on a free port of the loopback interface.

    asyncio disables Nagle's algorithm only on sockets with an explicit protocol. Without that, each response on a
    persistent connection would be 40 ms late.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    return listener


class _Server(uvicorn.Server):
    """uvicorn's server, which stops when the engine shuts down, and makes the engine shut down on a signal."""

    def __init__(self, config: uvicorn.Config, engine: EngineState) -> None:
        super().__init__(config)
        self.engine = engine
        engine.exit = self._exit

    def _exit(self) -> None:
        self.should_exit = True
        last_resort = threading.Timer(LAST_RESORT, os._exit, (1,))
        last_resort.daemon = True
        last_resort.start()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal shuts the engine down like the end of the last lease. It is not an error, so nothing is raised."""
        self.engine.leave()
