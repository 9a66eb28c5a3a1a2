"""Keys pressed at the app's window."""

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QToolButton, QWidget

from engine.api.chain import Box
from got_desktop.model.plan import Plan
from tests.got_desktop.app.conftest import Window, wait_for_results
from tests.got_desktop.app.test_more_flows import TWO
from tests.hosts.app.conftest import activate
from tests.hosts.app.test_files import take_layer

TEXT_KEYS = (
    "Home End Left Right Delete BackSpace ctrl+BackSpace ctrl+Delete ctrl+b ctrl+i ctrl+u ctrl+v ctrl+x space 2 r s"
)


def test_words_typed_into_the_instruction_reach_it(sea, qtbot, user):
    activate(sea, qtbot)
    field = sea.editor.instruction.words
    user.focus(field)
    user.press("ctrl+a")
    user.type("make the boat yellow")
    qtbot.waitUntil(lambda: sea.session.preferences.instruction == "make the boat yellow")


def focus_field(window: Window, qtbot, user, name: str) -> QWidget:
    """Puts the focus into a text field, as a user does."""
    editor = window.editor
    if name in ("phrase", "label"):
        window.session.review.add_box(Box(100, 100, 400, 400), "hat")
    if name == "label":
        user.focus(editor.canvas)
        window.session.review.select(0)
        user.press("F2")
    elif name == "layer":
        take_layer(window)
        user.focus(editor.layers.list)
        user.press("Home", "F2")
    fields = {
        "instruction": editor.instruction.words,
        "search": editor.history.search,
        "phrase": editor.plan.boxes.phrase,
        "seed": editor.instruction.drawing.fields["seed"].focusProxy(),
    }
    if name in fields:
        user.focus(fields[name])
        return fields[name]
    qtbot.waitUntil(lambda: isinstance(QApplication.focusWidget(), QLineEdit))
    field = QApplication.focusWidget()
    assert field is not None
    return field


@pytest.mark.parametrize("name", ["instruction", "search", "phrase", "label", "layer", "seed"])
def test_keys_of_a_text_field_stay_with_it(sea, qtbot, user, name):
    """They neither change the picture nor open one, and undo undoes the typing."""
    activate(sea, qtbot)
    field = focus_field(sea, qtbot, user, name)
    QGuiApplication.clipboard().setText("4")
    before, base, shown = sea.session.document.undo.index(), sea.session.document.state.base, field_text(field)
    user.press("ctrl+a")
    user.press(*TEXT_KEYS.split(), "5")
    qtbot.waitUntil(lambda: field_text(field).endswith("5") or "5" in field_text(field))
    user.press("ctrl+z")
    assert field.hasFocus() and sea.editor.bar.boxes.isChecked()
    assert sea.session.document.undo.index() == before and sea.session.document.state.base is base
    assert not sea.message_log and field_text(field) != shown


def field_text(field) -> str:
    return field.toPlainText() if isinstance(field, QPlainTextEdit) else field.text()


def test_escape_in_a_text_field_or_with_a_selected_box_does_not_cancel_the_job(sea, qtbot, user):
    activate(sea, qtbot)
    session, canvas = sea.session, sea.editor.canvas
    session.preferences.draw_with(steps=200)
    session.review.replan(Plan.of(TWO).until(0), "")
    sea.editor.run_apply()
    user.focus(canvas)
    session.review.select(0)
    user.press("F2")
    qtbot.waitUntil(lambda: isinstance(QApplication.focusWidget(), QLineEdit))
    user.press("Escape")
    qtbot.waitUntil(canvas.hasFocus)
    user.press("Escape")
    qtbot.waitUntil(lambda: session.review.selected is None)
    assert session.work.activity is not None and session.work.activity.stage != "cancel"
    user.press("Escape")
    qtbot.waitUntil(lambda: not session.work.busy)
    assert session.work.results is None


@pytest.fixture
def results(sea, qtbot) -> Window:
    """A window with two candidates under review."""
    sea.session.preferences.draw_with(candidates=2, steps=2)
    sea.session.review.replan(Plan.of(TWO).until(0), "")
    sea.editor.run_apply()
    wait_for_results(sea, qtbot)
    return sea


def test_results_are_compared_by_keys_wherever_the_focus_is(results, qtbot, user):
    activate(results, qtbot)
    editor, canvas = results.editor, results.editor.canvas
    qtbot.waitUntil(editor.history.list.isVisible)
    places = (
        editor.layers.list,
        editor.history.list,
        editor.plan.boxes.list,
        editor.review.mode.findChildren(QToolButton)[3],
        editor.instruction.presets,
        editor.layers.opacity,
    )
    for place in places:
        place.setEnabled(True)
        place.setFocus()
        qtbot.waitUntil(place.hasFocus)
        user.press("2")
        qtbot.waitUntil(lambda: editor.review.index == 1)
        user.press("1")
        qtbot.waitUntil(lambda: editor.review.index == 0)
        if place is not editor.layers.opacity:  # which moves by these keys
            user.press("Right")
            qtbot.waitUntil(lambda: editor.review.index == 1)
        user.hold("space")
        qtbot.waitUntil(lambda: canvas.space)
        user.let_go("space")
        qtbot.waitUntil(lambda: not canvas.space)
        assert editor.review.isVisible() and place.hasFocus() and canvas.mode == "all"


def test_enter_belongs_to_the_field_or_button_that_has_the_focus(results, qtbot, user):
    activate(results, qtbot)
    editor = results.editor
    user.focus(editor.history.search)
    user.press("Return")
    user.focus(editor.instruction.drawing.fields["seed"].focusProxy())
    user.press("ctrl+a", "7", "Return")
    qtbot.waitUntil(lambda: results.session.preferences.drawing.seed == 7)
    assert results.session.work.results is not None
    editor.review.discard.setFocus()
    user.press("Return")
    qtbot.waitUntil(lambda: results.session.work.results is None)
    assert not results.session.document.state.layers
    qtbot.waitUntil(editor.canvas.hasFocus)


def test_enter_accepts_after_a_click_on_a_candidate(results, qtbot, user):
    activate(results, qtbot)
    results.editor.layers.list.setFocus()
    user.click(results.editor.review.thumbnails[1])
    qtbot.waitUntil(lambda: results.editor.review.index == 1 and results.editor.canvas.hasFocus())
    user.press("Return")
    qtbot.waitUntil(lambda: len(results.session.document.state.layers) == 1)


def test_the_focus_goes_to_the_canvas_when_a_run_starts(sea, qtbot, user):
    activate(sea, qtbot)
    panel = sea.editor.instruction
    user.click(panel.plan)
    qtbot.waitUntil(sea.editor.canvas.hasFocus)
    qtbot.waitUntil(lambda: not sea.session.work.busy)
