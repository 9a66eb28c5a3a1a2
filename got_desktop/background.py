"""The only way off the UI thread: work runs in a pool, and its outcome arrives on the UI thread.

Large pictures are also freed on another thread, because freeing one can take longer than painting it.
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
"""Threads for work that computes or reads files, and for work that waits for another process."""
_COLLECT_EVERY = 1000
_TAKE_TURNS = 0.001
"""Seconds after which a busy Python thread lets a waiting one run, such as the window's."""
_MOMENT = 0.02
"""Seconds after which the code that dropped an object no longer has a reference to it."""


class _Messenger(QObject):
    """Lives on the UI thread; its signals bring the worker's progress and outcome there."""

    progressed = Signal(object)
    ended = Signal(object, object)

    def __init__(self, task: Task, owner: Background) -> None:
        super().__init__()
        self.task = task
        self.owner = owner
        self.progressed.connect(self._progress, Qt.ConnectionType.QueuedConnection)
        self.ended.connect(self._end, Qt.ConnectionType.QueuedConnection)

    @Slot(object)
    def _progress(self, update: object) -> None:
        if self.task.on_progress and self.task.awaited:
            self.task.on_progress(update)

    @Slot(object, object)
    def _end(self, value: object, error: EngineError | None) -> None:
        _running.discard(self)
        _ending.append(self)
        if not self.task.awaited:
            return
        if error is None:
            self.task.on_done(value)
        elif self.task.on_error:
            self.task.on_error(error)


_running: set[_Messenger] = set()
_ending: list[_Messenger] = []
"""Messengers whose worker may not have returned yet; they are deleted a moment later, on the UI thread."""


class Task(Generic[T]):
    """One piece of work in progress."""

    def __init__(
        self, on_done: Callable[[T], None], on_error: Callable[[EngineError], None] | None, on_progress: Say | None
    ) -> None:
        self.on_done: Callable[[Any], None] = on_done
        self.on_error = on_error
        self.on_progress = on_progress
        self.dropped = False
        """The outcome is ignored; the work itself runs to its end."""

    def drop(self) -> None:
        self.dropped = True

    @property
    def awaited(self) -> bool:
        """Whether the outcome is still needed: it was not dropped, and its receiver still exists."""
        receiver = getattr(self.on_done, "__self__", None)
        return not self.dropped and not (isinstance(receiver, QObject) and not isValid(receiver))


class _Work(QRunnable):
    def __init__(self, messenger: _Messenger, work: Callable[[Say], Any]) -> None:
        super().__init__()
        self.messenger = messenger
        self.work = work

    def run(self) -> None:
        value, error = None, None
        try:
            value = self.work(lambda update: self._emit(self.messenger.progressed, update))
        except EngineError as engine_error:
            error = engine_error
        except Exception as exception:
            error = faults.keep(exception)
        self._emit(self.messenger.ended, value, error)

    @staticmethod
    def _emit(signal: SignalInstance, *values: object) -> None:
        with suppress(RuntimeError):  # the program has already ended
            signal.emit(*values)


_trash: SimpleQueue[object] = SimpleQueue()
_END = object()

let_go: Callable[[object], None] = _trash.put
"""Frees an object on another thread, if this was the last reference to it.

Large objects use it in `__del__` as a default argument: when the program ends, modules are deleted before objects.
"""


def _empty_trash() -> None:
    """Frees one object at a time, so that other threads can run in between."""
    while True:
        item = _trash.get()
        if item is _END:
            return
        time.sleep(_MOMENT)
        del item


class Background:
    """Thread pools that are closed when the program ends."""

    def __init__(self) -> None:
        self._pool, self._waiting = QThreadPool(), QThreadPool()
        self._pool.setMaxThreadCount(_THREADS)
        self._waiting.setMaxThreadCount(_WAITING)
        # Python collects garbage in any thread, but widgets must be deleted on the UI thread
        gc.disable()
        sys.setswitchinterval(_TAKE_TURNS)
        threading.Thread(target=_empty_trash, name="let go", daemon=True).start()
        self._previous_count = 0
        self._collector = QTimer(interval=_COLLECT_EVERY)
        self._collector.timeout.connect(self._collect)
        self._collector.start()

    def _collect(self) -> None:
        del _ending[: self._previous_count]
        self._previous_count = len(_ending)
        gc.collect(1)

    def run(
        self,
        work: Callable[[Say], T],
        on_done: Callable[[T], None],
        on_error: Callable[[EngineError], None] | None = None,
        on_progress: Say | None = None,
        waits: bool = False,
    ) -> Task[T]:
        """Starts `work`, which gets a function that reports progress.

        Work that `waits`, for example for an engine job, does not take a thread from other work. `on_progress`, then
        `on_done` or `on_error`, are called on the UI thread. An unexpected error arrives as an EngineError with the
        code "unexpected"; its details are in the log.
        """
        task: Task[T] = Task(on_done, on_error, on_progress)
        messenger = _Messenger(task, self)
        _running.add(messenger)
        (self._waiting if waits else self._pool).start(_Work(messenger, work))
        return task

    def finish(self, seconds: float) -> bool:
        """Waits for the current work and ignores its outcome; False if it takes longer than `seconds`."""
        self._collector.stop()
        for messenger in _running:
            if messenger.owner is self:
                messenger.task.drop()
        end = time.monotonic() + seconds
        ended = all(p.waitForDone(max(0, int((end - time.monotonic()) * 1000))) for p in (self._pool, self._waiting))
        _trash.put(_END)
        if ended:  # otherwise other threads could still collect garbage, and widgets with it
            gc.enable()
        return ended
