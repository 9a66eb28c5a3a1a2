"""Random keys and clicks cause no exception and no Qt warning, and the document stays valid."""

import os
import random
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from got_desktop import faults
from tests.campaign import times
from tests.got_desktop.app.conftest import SEA, open_picture

SECONDS = float(os.environ.get("GOT_MONKEY_SECONDS", times(6, 60)))
SEED = int(os.environ.get("GOT_MONKEY_SEED", 1))
KEYS = [
    *(Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Tab, Qt.Key.Key_Delete),
    *(Qt.Key.Key_Return, Qt.Key.Key_Escape, Qt.Key.Key_Space, Qt.Key.Key_R, Qt.Key.Key_D, Qt.Key.Key_Z, Qt.Key.Key_A),
    *(Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_0, Qt.Key.Key_Home, Qt.Key.Key_Backspace, Qt.Key.Key_F2, Qt.Key.Key_B),
]
NONE, CONTROL, SHIFT = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)


class Monkey:
    def __init__(self, window: QWidget, seed: int) -> None:
        self.window = window
        self.dice = random.Random(seed)
        self.actions = 0

    def act(self) -> None:
        top = QApplication.activePopupWidget() or QApplication.activeModalWidget() or self.window
        if isinstance(top, QFileDialog):  # keeps the monkey out of the file system
            top.reject()
            return
        at = QPoint(self.dice.randrange(max(1, top.width())), self.dice.randrange(max(1, top.height())))
        under = top.childAt(at) or top
        place = under.mapFrom(top, at)
        kind = self.dice.random()
        self.actions += 1
        if kind < 0.35:
            QTest.mouseClick(under, Qt.MouseButton.LeftButton, NONE, place)
        elif kind < 0.45:
            QTest.mousePress(under, Qt.MouseButton.LeftButton, NONE, place)
            QTest.mouseMove(under, place + QPoint(self.dice.randint(-90, 90), self.dice.randint(-90, 90)))
            QTest.mouseRelease(under, Qt.MouseButton.LeftButton, NONE, place + QPoint(30, 20))
        elif kind < 0.5:
            QTest.mouseDClick(under, Qt.MouseButton.LeftButton, NONE, place)
        elif kind < 0.6:
            QTest.keyClicks(top.focusWidget() or top, self.dice.choice(["a red hat", "12", "(1,2),(3", "zz"]))
        else:
            QTest.keyClick(
                top.focusWidget() or top, self.dice.choice(KEYS), self.dice.choice([NONE, NONE, CONTROL, SHIFT])
            )


@pytest.mark.timeout(1800)
def test_a_monkey_breaks_nothing(window, qtbot, tmp_path):
    path = Path(shutil.copy(SEA, tmp_path))
    open_picture(window, qtbot, path)
    session = window.session
    session.preferences.instruction = "turn the red car purple"
    session.preferences.draw_with(steps=2)
    for name in ("close", "about", "keys"):
        window.actions_.all[name].setEnabled(False)
    monkey, end = Monkey(window, SEED), time.monotonic() + SECONDS
    while time.monotonic() < end:
        monkey.act()
        QApplication.processEvents()
        plan = session.document.state.plan
        assert len(plan.marks) == len(plan.chain.boxes) and session.document.is_open
    while (dialog := QApplication.activePopupWidget() or QApplication.activeModalWidget()) is not None:
        dialog.close()
    session.work.cancel()
    try:
        qtbot.waitUntil(lambda: not session.work.busy and not session.document.busy)
    except qtbot.TimeoutError:
        raise AssertionError((session.work.activity, session.work.job, session.document.busy)) from None
    last, undo = session.document.state, session.document.undo
    index = undo.index()
    undo.setIndex(0)
    undo.setIndex(index)
    assert session.document.state is last and window.isVisible()
    print(f"{monkey.actions} actions, {undo.count()} entries to undo")
    assert monkey.actions > 20 and [m.text for m in window.message_log if "unexpected" in m.text] == [], (
        faults.log_file().read_text()
    )
    assert np.array_equal(Image.open(path), Image.open(SEA)), "the picture's file was overwritten"
