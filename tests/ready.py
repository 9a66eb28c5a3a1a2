"""A process that has imported the packages forks the programs of a stress run, so that hundreds start quickly.

`Ready` starts it. `command` then returns a program equivalent to `script`: it has the same input, output and folder,
lives as long and ends with the same status.
"""

import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import psutil

CLIENT = (
    "import json, os, signal, socket, sys\n"
    "line = socket.socket(socket.AF_UNIX)\n"
    "line.connect(sys.argv[1])\n"
    "socket.send_fds(line, [b'.'], [0, 1, 2])\n"
    "line.sendall(json.dumps([dict(os.environ), os.getcwd()]).encode() + b'\\n')\n"
    "status = line.recv(1)\n"  # the exit status, or nothing if the program was killed
    "sys.exit(status[0]) if status else os.kill(os.getpid(), signal.SIGKILL)\n"
)
LIBRARIES = ("engine.server.serve", "engine.jobs.memory", "engine.jobs.tasks", "engine.got.adapters")
"""Packages that an engine imports only when it needs them."""


class Ready:
    """The process that forks programs which run `script` as their main module."""

    def __init__(self, script: Path, folder: Path, libraries: Sequence[str] = LIBRARIES) -> None:
        self.path = folder / "ready"
        paths = os.pathsep.join(filter(None, sys.path))
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(script), str(self.path), *libraries],
            env=os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None and self.process.stdout.readline() == b"ready\n"

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-I", "-S", "-c", CLIENT, str(self.path)]

    def kill_programs(self) -> None:
        for program in psutil.Process(self.process.pid).children():
            program.kill()

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


def wait_for_programs(script: str, path: str) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # finished children are reaped at once
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(8)
        print("ready", flush=True)
        while True:
            line, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                run(script, line)
            line.close()


def run(script: str, line: socket.socket) -> None:
    """In the fork: runs the program as its starter would have run it, to its end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    for number, descriptor in enumerate(socket.recv_fds(line, 1, 3)[1]):
        os.dup2(descriptor, number)
        os.close(descriptor)
    environment, folder = json.loads(line.makefile().readline())
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    status = 1
    try:
        runpy.run_path(script, run_name="__main__")
        status = 0
    except SystemExit as ended:
        status = ended.code or 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    line.send(bytes([status]))
    os._exit(status)


if __name__ == "__main__":
    for name in sys.argv[3:]:
        importlib.import_module(name)
    runpy.run_path(sys.argv[1], run_name="imported")
    gc.freeze()  # as an engine does after importing them
    wait_for_programs(sys.argv[1], sys.argv[2])
