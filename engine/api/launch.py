"""Finds the running engine or starts one, and holds a lease on it. Standard library only.

The process at the engine's port must prove that it knows the token of the runtime file before it is sent anything else.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from engine.api.client import TIMEOUT, EngineClient
from engine.api.errors import EngineError, EngineUnavailable, NotFound
from engine.api.protocol import PROTOCOL, Event, ImageInfo, JobRequest, JobState, Lease
from engine.api.runtime import Runtime, locked, open_folder, process_start, read_runtime, runtime_folder

T = TypeVar("T")

START_TIMEOUT = 120.0
"""Seconds that an engine may take to start."""
CRASHES, CRASH_WINDOW = 5, 600.0
"""After so many crashes within so many seconds, the engine is not started again."""
LONGEST_WAIT = 30.0
_SECOND_LOOK = 3.0
"""Timeout in seconds for the second attempt to reach an engine."""

_processes: list[subprocess.Popen[bytes]] = []
"""Engines that this process started, kept so that the system can report whether they still run."""


class Engine:
    """A running engine, kept alive by a lease until `close`."""

    def __init__(self, name: str, client: EngineClient, lease: Lease, connect: Callable[[], tuple]) -> None:
        self.name = name
        self.client = client
        self._lease = lease
        self._connect = connect
        self._closed = threading.Event()
        self._reviving = threading.Lock()
        self._renewal = threading.Thread(target=self._renew, name="engine lease", daemon=True)
        self._renewal.start()

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Releases the lease; the engine shuts down 10 s after the last release."""
        self._closed.set()
        self._renewal.join()
        with suppress(EngineError):
            self.client.give_back(self._lease)

    def run(
        self,
        request: JobRequest,
        on_event: Callable[[Event], None] | None = None,
        on_job: Callable[[JobState], None] | None = None,
    ) -> JobState:
        """Submits a job and waits for its end, also across an engine crash. Raises the error that the job failed with.

        `on_job` receives the job once it is queued; its id is needed to cancel it.
        """
        key = secrets.token_hex(16)
        job = self._persist(lambda: self.client.submit(request, key))
        if on_job:
            on_job(job)
        return self.follow(job.id, on_event)

    def follow(self, id: str, on_event: Callable[[Event], None] | None = None) -> JobState:
        """Waits for the end of a job, also across an engine crash. Raises the error that the job failed with."""
        return self._persist(lambda: self.client.follow(id, on_event))

    def upload(self, data: bytes, content_type: str = "image/png") -> ImageInfo:
        """Uploads a picture, also across an engine crash. Raises ImageError."""
        return self._persist(lambda: self.client.upload(data, content_type))

    def revive(self) -> None:
        """Finds or starts another engine if this one is gone or hangs. Raises EngineUnavailable."""
        with self._reviving:
            if not (self.client.runtime.alive and self.client.prove()):
                self.client, self._lease = self._connect()

    def _persist(self, call: Callable[[], T]) -> T:
        while True:
            try:
                return call()
            except EngineUnavailable:
                self.revive()

    def _renew(self) -> None:
        while not self._closed.wait(self._lease.seconds / 3):
            try:
                self.client.renew(self._lease)
            except NotFound:  # the machine was asleep, or this process was suspended
                with suppress(EngineError):
                    self._lease = self.client.lease(self.name)
            except EngineError:
                continue  # the next call notices and reconnects


def connect(name: str, folder: Path | None = None, command: Sequence[str] | None = None) -> Engine:
    """The engine of this user, started with `command` if necessary. Raises EngineUnavailable with the reason.

    `name` identifies this client; `folder` contains the runtime file.
    """
    where = open_folder(folder or runtime_folder())
    client, lease = _lease(name, where, command)
    return Engine(name, client, lease, lambda: _lease(name, where, command))


def find(folder: Path | None = None, timeout: float = TIMEOUT) -> EngineClient | None:
    """A client of the running engine, or None if no engine proves its identity. Raises EngineUnavailable."""
    where = open_folder(folder or runtime_folder())
    runtime = read_runtime(where)
    if runtime is None or not runtime.alive:
        return None
    if runtime.protocol != PROTOCOL:
        raise EngineUnavailable(
            "engine_other_version",
            "An engine of a different version is running.",
            "Stop it with `got engine stop`, or wait until it shuts down.",
        )
    client = EngineClient(runtime)
    return client if client.prove(timeout) else None


def _lease(name: str, folder: Path, command: Sequence[str] | None) -> tuple[EngineClient, Lease]:
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        client = find(folder) or _start(folder, command)
        try:
            return client, client.lease(name)
        except EngineUnavailable:  # it stopped in the meantime
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def _start(folder: Path, command: Sequence[str] | None) -> EngineClient:
    """Starts an engine, unless another process was faster."""
    with locked(folder / "start.lock", 2 * START_TIMEOUT):
        client = find(folder, _SECOND_LOOK)
        if client:
            return client
        if _clear_away(folder):
            _note_crash(folder)
        _wait_after_crashes(folder)
        log = folder / "engine.err"
        with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
            process = subprocess.Popen(
                list(command or _command()),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, "GOT_ENGINE_RUNTIME": str(folder), **_python_path()},
                creationflags=_DETACHED,
                start_new_session=os.name != "nt",  # Ctrl+C in this terminal must not reach the engine
            )
        _processes.append(process)
        return _wait_until_ready(folder, process, log)


def _wait_until_ready(folder: Path, process: subprocess.Popen[bytes], log: Path) -> EngineClient:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        has_exited = process.poll() is not None  # checked first: a process that has exited writes no file
        client = find(folder)
        if client:
            return client
        if has_exited:
            _note_crash(folder)
            last = (log.read_text(errors="replace").strip().splitlines() or ["it printed no message"])[-1][:300]
            last = last.rstrip(".")
            raise EngineUnavailable("engine_start", "The engine exited during startup: {last}.", _REMEDY, last=last)
        time.sleep(0.05)
    process.kill()
    raise EngineUnavailable(
        "engine_slow", "The engine was not ready within {seconds:.0f} s.", _REMEDY, seconds=START_TIMEOUT
    )


_REMEDY = "Run `got doctor` to check this machine."
_DETACHED = 0x00000008 | 0x00000200 if os.name == "nt" else 0  # DETACHED_PROCESS, CREATE_NEW_PROCESS_GROUP


def _command() -> list[str]:
    # -P: a folder `engine` in the working directory must not shadow ours
    return [sys.executable, "-P", "-m", "engine"]


def _python_path() -> dict[str, str]:
    return {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def end_hung(folder: Path | None = None) -> None:
    """Kills the engine of the runtime file, which no longer answers."""
    _clear_away(open_folder(folder or runtime_folder()))


def _clear_away(folder: Path) -> bool:
    """Kills an engine that does not answer, and removes its runtime file. False: there was none."""
    runtime = read_runtime(folder)
    if runtime is None:
        return False
    if runtime.alive:
        os.kill(runtime.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        while process_start(runtime.pid) == runtime.started:
            time.sleep(0.02)
    (folder / "engine.json").unlink(missing_ok=True)
    return True


def _note_crash(folder: Path) -> None:
    recent = json.dumps([*_crashes(folder), time.time()])
    with open(os.open(folder / "crashes.json", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(recent)


def _crashes(folder: Path) -> list[float]:
    """Times of the recent crashes, oldest first."""
    try:
        times = json.loads((folder / "crashes.json").read_text())
    except (OSError, ValueError):
        return []
    return [at for at in times if 0 <= time.time() - at < CRASH_WINDOW]


def _wait_after_crashes(folder: Path) -> None:
    """Waits before a restart: each recent crash doubles the wait. Raises EngineUnavailable after too many crashes."""
    crashes = _crashes(folder)
    if len(crashes) >= CRASHES:
        minutes = CRASH_WINDOW / 60
        raise EngineUnavailable(
            "engine_keeps_crashing",
            "The engine crashed {count} times within {minutes:.0f} minutes.",
            _REMEDY,
            count=len(crashes),
            minutes=minutes,
        )
    if crashes:
        wait = min(LONGEST_WAIT, 2.0 ** (len(crashes) - 1))
        time.sleep(max(0.0, crashes[-1] + wait - time.time()))


__all__ = ["Engine", "Runtime", "connect", "end_hung", "find"]
