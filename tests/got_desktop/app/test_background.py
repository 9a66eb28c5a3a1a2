"""Work off the UI thread: what comes of it reaches who asked, and nobody else."""

import gc
import threading

import shiboken6
from PySide6.QtCore import QObject

from got_desktop.background import Background


class Asker(QObject):
    heard: list[object] = []

    def hear(self, value: object) -> None:
        Asker.heard.append((value, self.objectName()))


def test_who_is_gone_is_not_told(qapp, qtbot):
    background, go, gone, stays, ended = Background(), threading.Event(), Asker(), Asker(), []
    background.run(lambda say: go.wait(), gone.hear)
    background.run(lambda say: go.wait(), stays.hear)
    background.run(lambda say: go.wait(), ended.append)
    shiboken6.delete(gone)
    go.set()
    qtbot.waitUntil(lambda: bool(ended) and bool(Asker.heard))
    assert Asker.heard == [(True, "")]
    assert background.finish(5)


def test_what_waits_takes_no_place_from_what_works(qapp, qtbot):
    background, go, done = Background(), threading.Event(), []
    for _ in range(20):
        background.run(lambda say: go.wait(), done.append, waits=True)
    background.run(lambda say: "worked", done.append)
    qtbot.waitUntil(lambda: done == ["worked"])
    go.set()
    qtbot.waitUntil(lambda: len(done) == 21)
    assert background.finish(5)


def test_while_threads_still_run_garbage_is_not_collected_in_them(qapp):
    """A widget's end must come on the UI thread, also where a program ends before its work does."""
    background, go = Background(), threading.Event()
    background.run(lambda say: go.wait(), lambda nothing: None)
    try:
        assert not background.finish(0.05) and not gc.isenabled()
    finally:
        go.set()
        gc.enable()
