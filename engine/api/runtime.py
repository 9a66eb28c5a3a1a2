"""Where clients find a running engine: its runtime file, the locks next to it, and the proof of its identity.

Standard library only. The file contains the engine's token. It is in a folder that only this user can enter, and it is
replaced in one step. Folders and files of other users are never accepted, and links are never followed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.api.encoding import loads
from engine.api.errors import EngineUnavailable, RequestError
from engine.api.files import replace_file
from engine.api.protocol import PROTOCOL

_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_BINARY = getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class Runtime:
    """A running engine as its runtime file describes it."""

    port: int
    pid: int
    started: str
    """When the process started, as the system reports it: a later process with the same pid has another value."""
    token: str
    protocol: int = PROTOCOL

    def __repr__(self) -> str:
        return f"Runtime(port={self.port}, pid={self.pid})"  # the token must never be shown, not even by accident

    @property
    def alive(self) -> bool:
        """Whether exactly that process exists."""
        return process_start(self.pid) == self.started


def runtime_folder() -> Path:
    """`GOT_ENGINE_RUNTIME`, or the system's folder for data of a login session."""
    value = os.environ.get("GOT_ENGINE_RUNTIME")
    if value:
        return Path(value)
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", tempfile.gettempdir())) / "got_desktop" / "run"
    base = os.environ.get("XDG_RUNTIME_DIR")
    return Path(base) / "got_desktop" if base else Path(tempfile.gettempdir()) / f"got_desktop-{os.getuid()}"


def open_folder(folder: Path) -> Path:
    """Creates the folder if necessary. Raises EngineUnavailable unless it is a folder that only this user can enter."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or not _private(status):
        raise EngineUnavailable(
            "runtime_folder_unsafe",
            "{folder} is a link, or other users can read or write it.",
            "Remove it, or restrict it to yourself with chmod 700.",
            folder=folder,
        )
    return folder


def _private(status: os.stat_result) -> bool:
    if os.name == "nt":  # there, the user's profile keeps others out
        return True
    return status.st_uid == os.getuid() and stat.S_IMODE(status.st_mode) & 0o077 == 0


def write_runtime(folder: Path, runtime: Runtime) -> None:
    """Writes the file in one step."""
    replace_file(folder / "engine.json", json.dumps(asdict(runtime)).encode(), mode=0o600)


def read_runtime(folder: Path) -> Runtime | None:
    """The contents of the file; None if there is no file that only this user can read."""
    try:
        handle = os.open(folder / "engine.json", os.O_RDONLY | _NO_FOLLOW | _BINARY)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or not _private(status):
            return None
        with suppress(RequestError):
            return loads(Runtime, file.read(10_000))
    return None


def remove_runtime(folder: Path, runtime: Runtime) -> None:
    """Removes the file if it still describes that engine."""
    if read_runtime(folder) == runtime:
        (folder / "engine.json").unlink(missing_ok=True)


def proof(token: str, nonce: str, port: int) -> str:
    """The engine's reply to a Challenge.

    The port is part of it, so that a process at another port cannot relay the challenge to the engine and the reply
    back.
    """
    return hmac.new(token.encode(), f"got engine {port} {nonce}".encode(), hashlib.sha256).hexdigest()


def process_start(pid: int) -> str | None:
    """When a process started, as the system reports it; None if there is no such process, or it is dead."""
    if sys.platform == "linux":
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            return None
        return None if fields[0] in (b"Z", b"X") else fields[19].decode()
    if os.name == "nt":
        return _process_start_windows(pid)
    return _process_start_ps(pid)


def _process_start_ps(pid: int) -> str | None:
    command = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    process = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"})
    state, _, started = process.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else " ".join(started.split())


def _process_start_windows(pid: int) -> str | None:
    import ctypes

    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
    kernel.OpenProcess.restype = ctypes.c_void_p
    process = ctypes.c_void_p(kernel.OpenProcess(0x1000, False, pid))  # PROCESS_QUERY_LIMITED_INFORMATION
    if not process:
        return None
    times = (ctypes.c_ulonglong * 4)()
    code = ctypes.c_ulong()
    kernel.GetProcessTimes(process, *(ctypes.byref(times, 8 * index) for index in range(4)))
    kernel.GetExitCodeProcess(process, ctypes.byref(code))
    kernel.CloseHandle(process)
    return str(times[0]) if code.value == 259 else None  # STILL_ACTIVE


@contextmanager
def locked(path: Path, timeout: float) -> Iterator[None]:
    """Holds the system's lock on a file. The system releases it when the process dies.

    Raises EngineUnavailable if another process holds it for `timeout` seconds.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | _NO_FOLLOW | _BINARY, 0o600)
    deadline = time.monotonic() + timeout
    try:
        while not _try_lock(handle):
            if time.monotonic() >= deadline:
                raise EngineUnavailable(
                    "engine_locked", "Another program is starting or stopping the engine.", "Try again in a minute."
                )
            time.sleep(0.05)
        yield
    finally:
        os.close(handle)


def _try_lock(handle: int) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
