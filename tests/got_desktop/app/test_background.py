"""Work off the UI thread: its outcome reaches the receiver, if that still exists."""

import gc
import threading

import shiboken6
from PySide6.QtCore import QObject

from got_desktop.background import Background


class Receiver(QObject):
    values: list[object] = []

    def receive(self, value: object) -> None:
        Receiver.values.append((value, self.objectName()))


def test_a_deleted_receiver_is_not_called(qapp, qtbot):
    background, go, short_lived, receiver, outcomes = Background(), threading.Event(), Receiver(), Receiver(), []
    background.run(lambda say: go.wait(), short_lived.receive)
    background.run(lambda say: go.wait(), receiver.receive)
    background.run(lambda say: go.wait(), outcomes.append)
    shiboken6.delete(short_lived)
    go.set()
    qtbot.waitUntil(lambda: bool(outcomes) and bool(Receiver.values))
    assert Receiver.values == [(True, "")]
    assert background.finish(5)


def test_waiting_work_does_not_block_other_work(qapp, qtbot):
    background, go, outcomes = Background(), threading.Event(), []
    for _ in range(20):
        background.run(lambda say: go.wait(), outcomes.append, waits=True)
    background.run(lambda say: "worked", outcomes.append)
    qtbot.waitUntil(lambda: outcomes == ["worked"])
    go.set()
    qtbot.waitUntil(lambda: len(outcomes) == 21)
    assert background.finish(5)


def test_running_threads_do_not_collect_garbage(qapp):
    """Widgets must be deleted on the UI thread, even if the program ends before its work does."""
    background, go = Background(), threading.Event()
    background.run(lambda say: go.wait(), lambda nothing: None)
    try:
        assert not background.finish(0.05) and not gc.isenabled()
    finally:
        go.set()
        gc.enable()
