"""The engine, unchanged except that it is killed, once or several times, at a given point.

Run as a program; GOT_ENGINE_KILL_AT names the point, and GOT_ENGINE_KILLS is the number of kills (1). Without a point
it is not killed.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.__main__ import main
from engine.api import files
from engine.api.protocol import Loading, Preview, Step, Token, Writing
from engine.jobs.queue import JobQueue
from engine.jobs.store import Store

EVENTS = {"loading": Loading, "token": Token, "step": Step, "preview": Preview, "writing": Writing}
CALLS = {
    "before_insert": (Store, "add", False),
    "after_insert": (Store, "add", True),
    "before_begin": (Store, "begin", False),
    "after_begin": (Store, "begin", True),
    "before_file": (files, "write_file", False),
    "after_file": (files, "write_file", True),
    "before_done": (Store, "end", False),
    "after_done": (Store, "end", True),
}
POINTS = (*CALLS, *(name for name in EVENTS if name != "preview"))


def kill(where: Path, kills: int) -> None:
    """Kills this process without any cleanup, unless that has been done often enough."""
    where.mkdir(parents=True, exist_ok=True)
    marks = len(list(where.glob("killed-*")))
    if marks < kills:
        (where / f"killed-{marks}").touch()
        os.kill(os.getpid(), signal.SIGKILL)


def wrapped(call: Callable[..., Any], afterwards: bool, die: Callable[[], None]) -> Callable[..., Any]:
    def at_the_point(*arguments: Any, **options: Any) -> Any:
        is_here = call.__name__ != "write_file" or arguments[0].parent.suffix == ".tmp"  # of a result, not a picture
        if is_here and not afterwards:
            die()
        result = call(*arguments, **options)
        if is_here and afterwards:
            die()
        return result

    return at_the_point


def set_trap(point: str, die: Callable[[], None]) -> None:
    if point in CALLS:
        owner, name, afterwards = CALLS[point]
        setattr(owner, name, wrapped(getattr(owner, name), afterwards, die))
        return
    say = JobQueue.say

    def watched(self: JobQueue, id: str, event: Any) -> None:
        say(self, id, event)
        if isinstance(event, EVENTS[point]):
            die()

    JobQueue.say = watched


if __name__ == "__main__":
    if point := os.environ.get("GOT_ENGINE_KILL_AT"):
        kills = int(os.environ.get("GOT_ENGINE_KILLS", "1"))
        set_trap(point, lambda: kill(Path(os.environ["GOT_ENGINE_DATA"]), kills))
    sys.exit(main())
