"""One engine process, from its lock to its end."""

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
"""Seconds that an engine waits for the one before it to end."""
_LOOK = 1.0
"""Seconds between two looks whether the one before it serves all the same."""
STREAM_TIMEOUT = 3
"""Seconds that open streams have to end."""
LAST_RESORT = 9.5
"""Seconds after which an ending engine is ended, whatever still runs."""


def serve(settings: EngineSettings) -> None:
    """Serves until nobody wants the engine any more. There is one at a time: a second waits, and gives way.

    Raises EngineUnavailable where the runtime folder is not safe, or another engine keeps the lock without serving.
    """
    folder = open_folder(settings.runtime)
    deadline = time.monotonic() + LOCK_TIMEOUT
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(locked(folder / "engine.lock", _LOOK))
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
    """Any free port of the loopback.

    Only of a socket that names its protocol does asyncio send small pieces at once. Else each answer on a connection
    that the client keeps comes 40 ms late.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    return listener


class _Server(uvicorn.Server):
    """uvicorn, which ends when the engine leaves, and tells the engine when it is to end."""

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
        """A signal ends the engine as its last lease does; it is no failure, so nothing is raised in the end."""
        self.engine.leave()
