"""Real key presses and mouse clicks in a host's windows, at the wish of a script that runs inside the host."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WISH = "press.json"
"""The script writes it: window (a pattern for its title) and do (xdotool's words, a list for each action). It is
removed when all is done."""


@contextmanager
def hands(folder: Path, display: str) -> Iterator[None]:
    """Presses what the file WISH in the folder asks for, as long as the context lasts."""
    over = threading.Event()
    thread = threading.Thread(target=_work, args=(folder / WISH, display, over))
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _work(wish: Path, display: str, over: threading.Event) -> None:
    while not over.wait(0.05):
        if wish.exists():
            content = json.loads(wish.read_text())
            windows = _xdotool(display, "search", "--onlyvisible", "--name", content["window"]).split()
            if not windows:  # not open yet
                continue
            _xdotool(display, "windowfocus", "--sync", windows[-1])
            for action in content["do"]:
                _xdotool(display, *(word.replace("WINDOW", windows[-1]) for word in action))
            wish.unlink()


def _xdotool(display: str, *words: str) -> str:
    environment = {**os.environ, "DISPLAY": display}
    return subprocess.run(["xdotool", *words], env=environment, capture_output=True, text=True).stdout
