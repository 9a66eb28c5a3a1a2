"""Cancelling, a killed engine, Krita's responsiveness meanwhile, and the overlay where it cannot be placed."""

import os
import signal
import time

from got_krita.api.runtime import read_runtime, runtime_folder
from PyQt5.QtCore import QTimer
from PyQt5.QtGui import QImage
from PyQt5.QtWidgets import QWidget
from steps import KRITA, at_first_step, docker, free, opened, tree


def steps(note):
    document = yield from opened("sea.png")
    nodes = tree(document)
    docker().instruction.setPlainText("turn the orange fish purple")
    note("before", docker().engine_state.text())
    names = ("got_plan", "got_apply", "got_cancel")
    note("shortcuts", [KRITA.action(name).shortcut().toString() for name in names])
    KRITA.action("got_plan").trigger()
    note("planning", not free())
    yield free
    note("engine", docker().engine_state.text())
    note("models", [docker().more.model.itemText(at) for at in range(docker().more.model.count())])

    KRITA.action("got_apply").trigger()
    yield at_first_step()
    KRITA.action("got_cancel").trigger()
    yield free
    note("cancelled", [docker().message.text(), tree(document) == nodes])

    gaps = Gaps()
    docker().apply.click()
    yield free
    note("longest_gap", [gaps.longest, time.monotonic() - gaps.since])
    note("applied", len(document.topLevelNodes()))

    docker().apply.click()
    yield at_first_step()
    os.kill(read_runtime(runtime_folder()).pid, signal.SIGKILL)
    yield free
    note("killed", [docker().message.text(), len(document.topLevelNodes())])

    os.kill(read_runtime(runtime_folder()).pid, signal.SIGKILL)
    docker().start.click()
    yield free
    note("started", [docker().message.text(), docker().engine_state.text(), read_runtime(runtime_folder()).alive])

    note("overlay", overlay())
    canvas = KRITA.activeWindow().activeView().canvas()
    canvas.setRotation(30)
    yield lambda: not overlay()
    canvas.setRotation(0)
    yield overlay
    document.setModified(False)


def overlay():
    """Whether boxes are painted over the canvas."""
    widget = KRITA.activeWindow().qwindow().findChild(QWidget, "got_overlay")
    if widget is None:
        return False
    image = widget.grab().toImage().convertToFormat(QImage.Format_RGB32)
    red = b"\x00\x00\xff\xff"
    return red in image.constBits().asstring(image.sizeInBytes())


class Gaps:
    """Measures the longest time that Krita's event loop was blocked, in seconds."""

    def __init__(self):
        self.longest, self.last = 0.0, time.monotonic()
        self.since = self.last
        self.timer = QTimer()
        self.timer.timeout.connect(self.tick)
        self.timer.start(20)

    def tick(self):
        now = time.monotonic()
        self.longest, self.last = max(self.longest, now - self.last), now
