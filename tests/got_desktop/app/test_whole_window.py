"""The window as a whole: keyboard use, accessible names, one window for each user, recovery and start."""

import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt, QTranslator
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QWidget,
)

from engine.api.chain import Box, format_box
from got_desktop.app import set_language
from got_desktop.model.plan import Plan
from got_desktop.model.samples import SAMPLES
from got_desktop.ui import theme
from got_desktop.ui.canvas import Canvas
from got_desktop.ui.controls import Choice, Decimal, Slider, Whole
from got_desktop.ui.registry import PAGES
from tests.got_desktop.app.conftest import errors, wait_for_plan, wait_for_results
from tests.got_desktop.app.windows import WINDOW, start

INTERACTIVE = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    Canvas,
)
CONTROL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


def test_the_main_flow_by_keyboard_only(sea, qtbot, tmp_path):
    session, editor = sea.session, sea.editor
    sea.activateWindow()
    qtbot.waitUntil(sea.isActiveWindow)
    assert editor.instruction.words.hasFocus()
    qtbot.keyClick(editor.instruction.words, Qt.Key.Key_A, CONTROL)
    qtbot.keyClicks(editor.instruction.words, "make the red car green")
    qtbot.keyClick(sea.focusWidget(), Qt.Key.Key_Return, CONTROL)
    wait_for_plan(sea, qtbot)
    qtbot.keyClick(sea.focusWidget(), Qt.Key.Key_2, CONTROL | ALT)
    assert editor.canvas.hasFocus()
    qtbot.keyClick(editor.canvas, Qt.Key.Key_R)
    qtbot.keyClick(editor.canvas, Qt.Key.Key_Return)  # adds a box in the middle and opens its phrase
    qtbot.keyClicks(sea.focusWidget(), "the red car")
    qtbot.keyClick(sea.focusWidget(), Qt.Key.Key_Return)
    assert editor.canvas.hasFocus()  # the field is closed
    index = session.review.selected
    assert session.review.plan.chain.boxes[index].phrase == "the red car" and session.review.plan.marks[index].by_user
    box = session.review.plan.chain.boxes[index].box
    qtbot.keyClick(editor.canvas, Qt.Key.Key_Left, SHIFT)
    qtbot.keyClick(editor.canvas, Qt.Key.Key_Down, CONTROL)
    moved = session.review.plan.chain.boxes[index].box
    assert moved.x1 < box.x1 and moved.y1 == box.y1 and moved.y2 > box.y2
    qtbot.keyClick(editor.canvas, Qt.Key.Key_D, CONTROL)
    count = len(session.review.plan.marks)
    qtbot.keyClick(editor.canvas, Qt.Key.Key_Delete)
    assert len(session.review.plan.marks) == count - 1
    qtbot.keyClick(editor.canvas, Qt.Key.Key_Tab)
    first = session.review.selected
    qtbot.keyClick(editor.canvas, Qt.Key.Key_Tab)
    assert first is not None and session.review.selected not in (None, first)
    qtbot.keyClick(editor.canvas, Qt.Key.Key_F2)
    qtbot.keyClicks(sea.focusWidget(), "a thing")
    qtbot.keyClick(sea.focusWidget(), Qt.Key.Key_Tab)  # leaving the field also accepts the text
    assert session.review.plan.chain.boxes[session.review.selected].phrase == "a thing"
    qtbot.keyClick(editor.canvas, Qt.Key.Key_Return, CONTROL | SHIFT)
    wait_for_results(sea, qtbot)
    qtbot.keyClick(sea.focusWidget(), Qt.Key.Key_1)
    qtbot.keyClick(sea.focusWidget(), Qt.Key.Key_Return)
    assert len(session.document.state.layers) == 1
    qtbot.keyClick(sea.focusWidget(), Qt.Key.Key_Z, CONTROL)
    assert session.document.state.layers == ()
    qtbot.keyClick(sea.focusWidget(), Qt.Key.Key_Z, CONTROL | SHIFT)
    assert len(session.document.state.layers) == 1
    qtbot.keyClick(sea.focusWidget(), Qt.Key.Key_S, CONTROL | SHIFT)
    qtbot.waitUntil(lambda: bool(sea.findChildren(QFileDialog)))
    (dialog,) = sea.findChildren(QFileDialog)
    dialog.selectFile(str(tmp_path / "keys.ora"))
    dialog.accept()  # on the offscreen platform, Return goes to the list of suggestions
    qtbot.waitUntil(lambda: not session.document.modified)
    assert (tmp_path / "keys.ora").exists() and errors(sea) == []


def test_the_left_panel_does_not_move_when_work_starts_or_ends(sea, qtbot):
    panel, work = sea.editor.instruction, sea.session.work
    qtbot.waitUntil(panel.size_note.isVisible)
    parts = (panel.words, panel.plan, panel.presets, panel.drawing.fields["scope"], panel.drawing.model)

    def places() -> list[QRect]:
        QApplication.processEvents()
        return [QRect(part.mapTo(panel, QPoint()), part.size()) for part in parts]

    before = places()
    sea.editor.run_plan()
    qtbot.waitUntil(panel.cancel.isVisible)
    assert places() == before
    qtbot.mouseClick(panel.cancel, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not work.busy)
    assert places() == before and panel.both.isVisible()


def test_no_text_of_the_review_is_cut_off_in_the_smallest_window(sea):
    review = sea.editor.review
    sea.resize(sea.minimumSize())
    review.setVisible(True)
    QApplication.processEvents()
    for one in review.findChildren(QAbstractButton):
        assert one.fontMetrics().horizontalAdvance(one.text()) <= one.width() - 12, one.text()


def test_the_selected_boxs_phrase_is_visible(sea):
    session, text = sea.session, sea.editor.plan.editor
    chain = ". ".join(f"thing {n} {format_box(Box(9, 9, 99, 99), 'red')}" for n in range(30))
    session.review.replan(Plan.of(chain), "")
    for index in (29, 0):
        session.review.select(index)
        QApplication.processEvents()
        assert text.toPlainText()[text.textCursor().position() :].startswith(f"thing {index}")
        assert text.viewport().rect().contains(text.cursorRect())


def test_colors_of_the_chain_follow_the_theme(sea, qapp):
    sea.session.review.replan(Plan.of(f"A car {format_box(Box(9, 9, 99, 99), 'red')}"), "")
    text = sea.editor.plan.editor
    try:
        for name in ("dark", "light"):
            theme.follow(qapp, name)
            formats = text.document().firstBlock().layout().formats()
            assert formats[-1].format.foreground().color().name() == theme.colors().muted
    finally:
        theme.follow(qapp, "light")


def test_the_texts_of_the_rail_fit_in_every_language(qapp, make_window):
    set_language(qapp, "de")
    try:
        window = make_window()
        for one in window._rail_buttons.values():
            assert one.fontMetrics().horizontalAdvance(one.text()) <= one.width() - 6, one.text()
    finally:
        for translator in qapp.findChildren(QTranslator):
            qapp.removeTranslator(translator)


def test_shortcuts_in_tooltips_match_the_menus(window):
    keys = {keys.toString() for action in window.actions_.all.values() for keys in action.shortcuts()}
    tooltip_keys = {
        match[1]
        for tip in map(QWidget.toolTip, window.findChildren(QWidget))
        if (match := re.search(r"\((Ctrl.+)\)$", tip))
    }
    assert len(tooltip_keys) > 3 and tooltip_keys <= keys | {"Ctrl+D"}  # the canvas has its own Ctrl+D


def own(widget: QWidget) -> bool:
    """Whether the widget is ours and not an internal part of a Qt widget."""
    return not widget.objectName().startswith("qt_") and not isinstance(widget, QScrollBar)


def within_another(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    in_list = parent is not None and parent.metaObject().className() == "QComboBoxPrivateContainer"
    return in_list or isinstance(parent, (QAbstractSpinBox, QComboBox, QLineEdit))


@pytest.mark.parametrize("page", [page.id for page in PAGES])
def test_every_interactive_widget_has_an_accessible_name(window, page):
    window.show_page(page)
    nameless, count = [], 0
    for widget in window.findChildren(QWidget):
        if isinstance(widget, INTERACTIVE) and own(widget) and not within_another(widget):
            count += 1
            interface = QAccessible.queryAccessibleInterface(widget)
            if not interface.text(QAccessible.Text.Name):
                nameless.append(f"{type(widget).__name__} in {type(widget.parentWidget()).__name__}")
    assert count > 30 and nameless == []


@pytest.mark.parametrize("page", [page.id for page in PAGES])
def test_no_field_takes_the_wheel_without_the_focus(window, page):
    window.show_page(page)
    fields = [w for kind in (QAbstractSlider, QAbstractSpinBox, QComboBox) for w in window.findChildren(kind) if own(w)]
    assert fields or page in ("doctor", "plugins", "models")
    for field in fields:
        assert isinstance(field, Slider | Choice | Whole | Decimal), field.accessibleName()
        assert field.focusPolicy() == Qt.FocusPolicy.StrongFocus  # the wheel gives no focus


def test_every_interactive_widget_can_be_reached_by_keys(sea):
    unreachable = [
        f"{type(widget).__name__} {widget.accessibleName()}"
        for widget in sea.editor.findChildren(QWidget)
        if isinstance(widget, INTERACTIVE)
        and own(widget)
        and not within_another(widget)
        and not widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    ]
    assert unreachable == []


@pytest.mark.full
def test_the_window_opens_quickly_without_a_running_engine(data):
    """Measures processor time until the window is visible; wall-clock time would depend on other programs."""
    before, start_time = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    with start(WINDOW + "print('torch' in sys.modules)", data) as child:
        output = child.communicate()[0].strip()
    wall, after = time.monotonic() - start_time, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"start-up: {cpu_seconds:.2f} s of processor time, {wall:.2f} s by the clock")
    assert output == "False" and cpu_seconds < 1.5


def test_a_second_start_passes_its_file_to_the_open_window(window, qtbot, data):
    from got_desktop.instance import Instance

    instance, received = Instance(data), []
    instance.files_received.connect(received.append)
    paths = os.pathsep.join(filter(None, sys.path))
    night = SAMPLES / "night.png"
    child = subprocess.Popen(
        [sys.executable, "-m", "got_desktop", str(night)],
        env=os.environ | {"PYTHONPATH": paths, "GOT_APP_DATA": str(data)},
    )
    qtbot.waitUntil(lambda: child.poll() is not None)
    assert child.returncode == 0 and received == [[night.resolve()]]
    instance.close()


def test_the_first_start_opens_a_sample(make_window, qtbot, data):
    window = make_window(data, first_start=True)
    window.session.begin_first()
    qtbot.waitUntil(lambda: window.session.document.is_open)
    assert window.session.preferences.instruction and not window.session.preferences.settings.first_start
    assert window.editor.instruction.plan.isEnabled()


def test_the_translations_are_complete(root: Path):
    from xml.etree import ElementTree

    for file in (root / "resources" / "translations").glob("*.ts"):
        unfinished = [
            message.findtext("source")
            for message in ElementTree.parse(file).iter("message")
            if message.find("translation[@type='unfinished']") is not None or not message.findtext("translation")
        ]
        assert unfinished == [], file.name


def test_german_can_be_selected(qapp, data):
    set_language(qapp, "de")
    try:
        from PySide6.QtCore import QCoreApplication

        assert QCoreApplication.translate("Pages", "Edit") == "Bearbeiten"
    finally:
        for translator in qapp.findChildren(QTranslator):
            qapp.removeTranslator(translator)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal there")
def test_slots_do_not_lose_references_to_none(qtbot):
    """PySide6 6.12.0 released one reference to None too many at each call of a slot, until Python crashed."""
    from PySide6.QtWidgets import QPushButton

    button, calls = QPushButton(), []
    qtbot.addWidget(button)
    button.clicked.connect(lambda: calls.append(1) if len(calls) < 500 else None)
    before = sys.getrefcount(None)
    for _ in range(500):
        button.click()
    assert len(calls) == 500 and sys.getrefcount(None) > before - 250
