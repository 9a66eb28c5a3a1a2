"""The one way off the UI thread: work runs in a pool, and what comes of it arrives on the UI thread.

Large pictures end off it, too: giving the memory of one back can take longer than painting it.
"""

from __future__ import annotations

import gc
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, QTimer, Signal, SignalInstance, Slot
from shiboken6 import isValid

from engine.api.errors import EngineError
from got_desktop import faults

T = TypeVar("T")
Say = Callable[[Any], None]
_THREADS, _WAITING = 8, 64
"""Of work that computes or reads files; of work that waits for another process."""
_COLLECT_EVERY = 1000
_TAKE_TURNS = 0.001
"""Seconds after which a thread that works in Python lets another one go on that waits, such as the window's."""
_MOMENT = 0.02
"""Seconds after which whoever let go of something has no reference to it any more."""


class _Messenger(QObject):
    """Lives on the UI thread; its signals carry what the worker has to say over to it."""

    said = Signal(object)
    ended = Signal(object, object)

    def __init__(self, task: Task, owner: Background) -> None:
        super().__init__()
        self.task = task
        self.owner = owner
        self.said.connect(self._said, Qt.ConnectionType.QueuedConnection)
        self.ended.connect(self._ended, Qt.ConnectionType.QueuedConnection)

    @Slot(object)
    def _said(self, word: object) -> None:
        if self.task.on_word and self.task.awaited:
            self.task.on_word(word)

    @Slot(object, object)
    def _ended(self, value: object, error: EngineError | None) -> None:
        _running.discard(self)
        _spent.append(self)
        if not self.task.awaited:
            return
        if error is None:
            self.task.on_done(value)
        elif self.task.on_error:
            self.task.on_error(error)


_running: set[_Messenger] = set()
_spent: list[_Messenger] = []
"""Those whose worker may still be on its way out: they end a moment later, on the UI thread."""


class Task(Generic[T]):
    """One piece of work under way."""

    def __init__(
        self, on_done: Callable[[T], None], on_error: Callable[[EngineError], None] | None, on_word: Say | None
    ) -> None:
        self.on_done: Callable[[Any], None] = on_done
        self.on_error = on_error
        self.on_word = on_word
        self.dropped = False
        """Nobody waits for the outcome any more; the work itself goes on to its end."""

    def drop(self) -> None:
        self.dropped = True

    @property
    def awaited(self) -> bool:
        """Whether anybody waits for the outcome: it was not dropped, and the window that asked is not gone."""
        asked = getattr(self.on_done, "__self__", None)
        return not self.dropped and not (isinstance(asked, QObject) and not isValid(asked))


class _Work(QRunnable):
    def __init__(self, messenger: _Messenger, work: Callable[[Say], Any]) -> None:
        super().__init__()
        self.messenger = messenger
        self.work = work

    def run(self) -> None:
        value, error = None, None
        try:
            value = self.work(lambda word: self._tell(self.messenger.said, word))
        except EngineError as refused:
            error = refused
        except Exception as fault:
            error = faults.keep(fault)
        self._tell(self.messenger.ended, value, error)

    @staticmethod
    def _tell(signal: SignalInstance, *what: object) -> None:
        with suppress(RuntimeError):  # the program has ended meanwhile: nobody is there to be told
            signal.emit(*what)


_dropped: SimpleQueue[object] = SimpleQueue()
_END = object()

let_go: Callable[[object], None] = _dropped.put
"""Has a thing end on another thread, if this was the last use of it.

For the `__del__` of large ones, as an argument's default: when the program ends, modules go before objects do.
"""


def _drop() -> None:
    """One thing after the other, so that other threads get their turn in between."""
    while True:
        thing = _dropped.get()
        if thing is _END:
            return
        time.sleep(_MOMENT)
        del thing


class Background:
    """A pool of threads; closed when the program ends."""

    def __init__(self) -> None:
        self._pool, self._waiting = QThreadPool(), QThreadPool()
        self._pool.setMaxThreadCount(_THREADS)
        self._waiting.setMaxThreadCount(_WAITING)
        # Python collects garbage in whatever thread runs; a widget's end must come on the UI thread
        gc.disable()
        sys.setswitchinterval(_TAKE_TURNS)
        threading.Thread(target=_drop, name="let go", daemon=True).start()
        self._spent_before = 0
        self._collector = QTimer(interval=_COLLECT_EVERY)
        self._collector.timeout.connect(self._collect)
        self._collector.start()

    def _collect(self) -> None:
        del _spent[: self._spent_before]
        self._spent_before = len(_spent)
        gc.collect(1)

    def run(
        self,
        work: Callable[[Say], T],
        on_done: Callable[[T], None],
        on_error: Callable[[EngineError], None] | None = None,
        on_word: Say | None = None,
        waits: bool = False,
    ) -> Task[T]:
        """Starts `work` with a function that tells words on the way.

        Work that `waits`, for a job of the engine's say, takes no place from other work. `on_word`, then `on_done` or
        `on_error`, are called on the UI thread. An error that no user can understand arrives as an EngineError with the
        code "unexpected"; its details are in the log.
        """
        task: Task[T] = Task(on_done, on_error, on_word)
        messenger = _Messenger(task, self)
        _running.add(messenger)
        (self._waiting if waits else self._pool).start(_Work(messenger, work))
        return task

    def finish(self, seconds: float) -> bool:
        """Waits for the work that is under way; False where it takes longer. Nobody hears of its outcome any more."""
        self._collector.stop()
        for messenger in _running:
            if messenger.owner is self:
                messenger.task.drop()
        end = time.monotonic() + seconds
        ended = all(p.waitForDone(max(0, int((end - time.monotonic()) * 1000))) for p in (self._pool, self._waiting))
        _dropped.put(_END)
        if ended:  # else garbage, and widgets with it, would still be collected in whatever thread runs
            gc.enable()
        return ended
