"""A process that has imported torch forks the engines of a campaign, so that hundreds of them start in little time.

`Ready` starts it; `command` is then a program that does as the engine's own would: it lives as long as its engine.
What is forked imports the engine's own modules anew: nothing of one engine is in the next.
"""

import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
from pathlib import Path

CLIENT = (
    "import json, os, socket, sys\n"
    "line = socket.socket(socket.AF_UNIX)\n"
    "line.connect(sys.argv[1])\n"
    "line.sendall(json.dumps(dict(os.environ)).encode() + b'\\n')\n"
    "line.recv(1)\n"  # nothing ever comes: the system closes the line when the engine is gone
)


class Ready:
    """The process, for programs that run `script` as their main module."""

    def __init__(self, script: Path, folder: Path) -> None:
        self.path = folder / "ready"
        paths = os.pathsep.join(filter(None, sys.path))
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(script), str(self.path)],
            env=os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None and self.process.stdout.readline() == b"ready\n"

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-I", "-S", "-c", CLIENT, str(self.path)]

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


def wait_for_programs(script: str, path: str) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who ends is gone at once
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
    """In the fork: the program, from the environment that its starter has, to its end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.environ.clear()
    os.environ.update(json.loads(line.makefile().readline()))
    code = 1
    with contextlib.suppress(BaseException):
        try:
            runpy.run_path(script, run_name="__main__")
        except SystemExit as ended:
            code = ended.code
    os._exit(code)


if __name__ == "__main__":
    for name in ("engine.server.serve", "engine.jobs.memory", "engine.jobs.tasks", "engine.got.adapters"):
        importlib.import_module(name)
    gc.freeze()  # as an engine does that has imported them
    wait_for_programs(sys.argv[1], sys.argv[2])
