"""Virtual screens, a window manager, and keys and mouse that reach a window as a user's do."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def virtual_screen(width: int = 1600, height: int = 1000) -> Iterator[str]:
    """The display of a screen without a monitor."""
    read, write = os.pipe()
    size = f"{width}x{height}x24"
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", size, "-nolisten", "tcp", "-noreset"]
    process = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as output:
        number = output.readline().strip()
    yield f":{number}"
    process.terminate()
    process.wait(10)


@contextmanager
def window_manager(display: str) -> Iterator[None]:
    """Gives windows a frame and the keyboard's focus."""
    process = subprocess.Popen(
        ["openbox", "--sm-disable"],
        env={**os.environ, "DISPLAY": display},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    yield
    process.terminate()
    process.wait(10)


class Hands:
    """Keyboard and mouse of a screen. Keys go to the window that has the focus, as they do for a user."""

    def __init__(self, display: str) -> None:
        self.display = display

    def press(self, *keys: str) -> None:
        """Presses keys or key combinations such as `ctrl+Return`, one after the other."""
        self._do("key", "--clearmodifiers", "--delay", "30", *keys)

    def hold(self, key: str) -> None:
        self._do("keydown", key)

    def let_go(self, key: str) -> None:
        self._do("keyup", key)

    def type(self, text: str) -> None:
        self._do("type", "--delay", "15", text)

    def point(self, x: float, y: float) -> None:
        """Moves the pointer to a place on the screen, in pixels."""
        self._do("mousemove", str(round(x)), str(round(y)))

    def click(self, x: float, y: float, times: int = 1) -> None:
        self.point(x, y)
        self._do("click", "--repeat", str(times), "--delay", "60", "1")

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.point(*start)
        self._do("mousedown", "1")
        for part in (0.2, 0.5, 0.8, 1.0):
            self.point(start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part)
        self._do("mouseup", "1")

    def wheel(self, x: float, y: float, steps: int) -> None:
        """Turns the wheel over a place: away from the user if `steps` is positive."""
        self.point(x, y)
        self._do("click", "--repeat", str(abs(steps)), "--delay", "30", "4" if steps > 0 else "5")

    def _do(self, *words: str) -> None:
        subprocess.run(["xdotool", *words], env={**os.environ, "DISPLAY": self.display}, check=True)
