"""The events of a job, for any number of listeners, which may disconnect and come back."""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Callable

from engine.api.protocol import Event, Finished, Token

SIZE = 2000
"""Events per job that are kept for listeners who come late."""

_RUN = secrets.token_hex(4)
"""Prefix of this engine's event ids, to tell them from those of earlier engines."""


class EventLog:
    """The numbered events of one job; the oldest are dropped when there are too many. Thread-safe."""

    def __init__(self, size: int = SIZE) -> None:
        self._events: deque[tuple[int, Event]] = deque(maxlen=size)
        self._count = 0
        self._chain: list[str] = []
        self._listeners: set[Callable[[], object]] = set()
        self._lock = threading.Lock()

    def add(self, event: Event) -> None:
        with self._lock:
            self._count += 1
            self._events.append((self._count, event))
            if isinstance(event, Token):
                self._chain.append(event.text)
            listeners = list(self._listeners)
        for wake in listeners:
            wake()

    @property
    def chain(self) -> str:
        """The part of the chain that is written so far."""
        with self._lock:
            return "".join(self._chain)

    @property
    def finished(self) -> bool:
        with self._lock:
            return bool(self._events) and isinstance(self._events[-1][1], Finished)

    def after(self, last: str) -> tuple[bool, list[tuple[str, Event]], str]:
        """(whether events were missed, the events after the event id `last`, the id of the newest event)."""
        run, _, number = last.partition("-")
        last_number = int(number) if run == _RUN and number.isascii() and number.isdigit() and len(number) < 20 else 0
        with self._lock:
            new = [(f"{_RUN}-{at}", event) for at, event in self._events if at > last_number]
            first = self._events[0][0] if self._events else 1
            newest = f"{_RUN}-{self._count}"
        return last_number + 1 < first or (bool(last) and run != _RUN), new, newest

    def listen(self, wake: Callable[[], object]) -> Callable[[], None]:
        """Calls `wake` after each event, on the thread that adds it. Returns a function that ends this."""
        with self._lock:
            self._listeners.add(wake)
        return lambda: self._listeners.discard(wake)
