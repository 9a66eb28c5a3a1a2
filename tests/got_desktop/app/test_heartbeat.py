"""The window never freezes: a timer beats on the UI thread while a picture of 24 megapixels goes through all stages.

The test fails if the window freezes long enough for a user to notice, even on a busy machine. To check the goal of
50 ms on a quiet machine, set GOT_HEARTBEAT_MS=50.
"""

import os
import threading
import time
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt, QTimer

from tests.got_desktop.app.conftest import answer, errors, open_picture, wait_for_plan, wait_for_results

WIDTH, HEIGHT = 6000, 4000
LIMIT = float(os.environ.get("GOT_HEARTBEAT_MS", "300"))
BEAT = 5


def ready_time() -> float:
    """Milliseconds that this thread was ready to run while all processors were busy with other work."""
    try:
        with open(f"/proc/self/task/{threading.get_native_id()}/schedstat") as file:
            return int(file.read().split()[1]) / 1e6
    except OSError:
        return 0.0  # not known on this system


@dataclass(frozen=True)
class Clock:
    """Wall-clock and processor times of this thread and its process, in milliseconds."""

    wall: float
    own: float
    """Processor time of this thread."""
    process: float
    """Processor time of all threads of the process."""
    ready: float

    @classmethod
    def now(cls) -> "Clock":
        times = (time.perf_counter(), time.thread_time(), time.process_time())
        wall, own, process = (1000 * seconds for seconds in times)
        return cls(wall, own, process, ready_time())


class Heart:
    """Records how late each beat was, by part of the flow.

    Time that other programs used the processors does not count, whether this thread or the thread that it waited for
    was ready to run. A beat counts as late by at most the processor time of the whole process since the last beat.
    """

    def __init__(self, parent) -> None:
        self.part = ""
        self.late: dict[str, list[float]] = {}
        self.own: dict[str, float] = {}
        """The maximum processor time of this thread between two beats, by part."""
        self.last = Clock.now()
        self.timer = QTimer(parent, interval=BEAT, timerType=Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self.beat)

    def begin(self, part: str) -> None:
        self.part, self.last = part, Clock.now()
        self.timer.start()

    def beat(self) -> None:
        now, last = Clock.now(), self.last
        late = now.wall - last.wall - BEAT - (now.ready - last.ready)
        self.late.setdefault(self.part, []).append(min(late, now.process - last.process))
        self.own[self.part] = max(self.own.get(self.part, 0.0), now.own - last.own)
        self.last = now


@pytest.fixture
def large(tmp_path):
    """large.jpg"""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    scene = np.stack([x * 255 // WIDTH, y * 255 // HEIGHT, (x ^ y) & 255], -1).astype(np.uint8)
    Image.fromarray(scene).save(tmp_path / "large.jpg", quality=90)
    return tmp_path / "large.jpg"


@pytest.mark.full
@pytest.mark.timeout(600)
def test_the_ui_thread_is_never_blocked_for_long(window, qtbot, large, tmp_path, record_property):
    session, editor = window.session, window.editor
    heart = Heart(window)
    heart.begin("open")
    open_picture(window, qtbot, large)
    session.preferences.instruction = "paint the middle purple"
    session.preferences.changed.emit()
    heart.begin("plan")
    editor.run_plan()
    wait_for_plan(window, qtbot)
    heart.begin("boxes")
    editor.canvas.setFocus()
    plan = session.review.plan
    if not any(region.is_mask for region in plan.chain.boxes):
        session.review.add_box(plan.chain.boxes[0].box if plan.marks else _middle(), "the middle")
    for _ in range(20):
        qtbot.keyClick(editor.canvas, Qt.Key.Key_Right)
        editor.canvas.zoom(0.3)
        qtbot.wait(10)
    editor.canvas.fit()
    heart.begin("render")
    editor.run_apply()
    if session.review.faults():
        answer(qtbot, "Apply anyway")
    wait_for_results(window, qtbot)
    heart.begin("compare")
    for mode in ("slider", "heat", "before", "after"):
        editor.canvas.show_mode(mode)
        qtbot.wait(40)
    heart.begin("composite")
    editor.accept()
    qtbot.waitUntil(lambda: window.session.display.current)
    session.document.undo.undo()
    session.document.undo.redo()
    qtbot.waitUntil(lambda: window.session.display.current)
    heart.begin("save")
    session.files.save(tmp_path / "large.ora")
    qtbot.waitUntil(lambda: not session.document.modified)
    heart.timer.stop()
    assert errors(window) == []
    worst = {part: max(late) for part, late in heart.late.items()}
    parts = (
        f"{part} {most:.0f} ms, its own work {heart.own[part]:.0f}, of {len(heart.late[part])} beats"
        for part, most in worst.items()
    )
    line = f"load {os.getloadavg()[0]:.1f}: " + "; ".join(parts)
    record_property("late at most", line)
    print(line)
    # other programs share the processor's caches and clock and slow the work down
    load_factor = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    assert max(worst.values()) <= LIMIT * load_factor, line


def _middle():
    from engine.api.chain import Box

    return Box(300, 300, 600, 600)
