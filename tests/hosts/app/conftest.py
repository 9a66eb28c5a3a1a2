"""The app on a screen with a window manager: keys and mouse come from outside, as a user's do."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from typing import TextIO

import pytest
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtWidgets import QApplication, QWidget

from tests.got_desktop.app.conftest import (  # noqa: F401 - fixtures
    PatientQtBot,
    Window,
    data,
    engine_place,
    make_window,
    open_picture,
    qtbot,
    sea,
    tiny,
    window,
)
from tests.hosts.screens import Hands, virtual_screen, window_manager


@pytest.fixture(scope="session")
def desk() -> Iterator[str]:
    """The display of a screen with a window manager."""
    with virtual_screen() as display, window_manager(display):
        yield display


@pytest.fixture(scope="session")
def qapp_args(desk: str) -> list[str]:
    """pytest-qt's arguments of the application, which is created after this: it shows its windows on the desk."""
    os.environ |= {"QT_QPA_PLATFORM": "xcb", "DISPLAY": desk}
    return ["got_desktop"]


class User:
    """Keys and mouse on the app's window, which goes on working meanwhile."""

    def __init__(self, hands: Hands, bot: PatientQtBot) -> None:
        self.hands, self.bot = hands, bot

    def press(self, *keys: str) -> None:
        self._while_the_window_works(lambda: self.hands.press(*keys))

    def type(self, text: str) -> None:
        self._while_the_window_works(lambda: self.hands.type(text))

    def hold(self, key: str) -> None:
        self._while_the_window_works(lambda: self.hands.hold(key))

    def let_go(self, key: str) -> None:
        self._while_the_window_works(lambda: self.hands.let_go(key))

    def click(self, widget: QWidget, place: QPoint | QPointF | None = None, times: int = 1) -> None:
        at = _on_screen(widget, place)
        self._while_the_window_works(lambda: self.hands.click(*at, times))

    def focus(self, widget: QWidget) -> None:
        """Clicks into a widget and waits until keys reach it."""
        self.click(widget)
        self.bot.waitUntil(widget.hasFocus)

    def wheel(self, widget: QWidget, steps: int) -> None:
        at = _on_screen(widget, None)
        self._while_the_window_works(lambda: self.hands.wheel(*at, steps))

    def drag(self, widget: QWidget, start: QPoint | QPointF, end: QPoint | QPointF) -> None:
        way = _on_screen(widget, start), _on_screen(widget, end)
        self._while_the_window_works(lambda: self.hands.drag(*way))

    def drag_from_screen(self, start: tuple[float, float], target: QWidget) -> None:
        """Drags something from a place on the screen onto the middle of a widget."""
        end = _on_screen(target, None)
        self._while_the_window_works(lambda: self.hands.drag(start, end))

    def read_line(self, stream: TextIO) -> str:
        """The next line of another program's output."""
        lines: list[str] = []
        self._while_the_window_works(lambda: lines.append(stream.readline()))
        return lines[0]

    def _while_the_window_works(self, act: Callable[[], None]) -> None:
        thread = threading.Thread(target=act)
        thread.start()
        self.bot.waitUntil(lambda: not thread.is_alive())


def _on_screen(widget: QWidget, place: QPoint | QPointF | None) -> tuple[float, float]:
    """A place in a widget, or its center, in the screen's pixels."""
    point = widget.mapToGlobal(QPointF(place) if place is not None else QPointF(widget.rect().center()))
    scale = widget.devicePixelRatioF()
    return point.x() * scale, point.y() * scale


@pytest.fixture
def user(desk: str, qapp: QApplication, qtbot) -> User:  # noqa: F811 - the fixture
    return User(Hands(desk), qtbot)


def activate(window: Window, bot: PatientQtBot) -> None:  # noqa: F811
    """Waits until the window manager has given the window the keyboard."""
    bot.waitUntil(window.isActiveWindow)
