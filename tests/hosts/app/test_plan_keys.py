"""A plan and its words, by the keys that a user presses."""

from tests.got_desktop.app.conftest import dialog, wait_for_plan, wait_for_results
from tests.hosts.app.conftest import activate

CAR, FISH = "turn the red car purple", "make the fish blue"


def test_a_plan_is_drawn_for_its_own_words_or_planned_again(sea, qtbot, user):
    activate(sea, qtbot)
    session = sea.session
    user.focus(sea.editor.instruction.words)
    user.press("ctrl+Return")
    qtbot.waitUntil(lambda: session.work.busy or not session.document.state.plan.empty)
    wait_for_plan(sea, qtbot)
    plan = session.document.state.plan

    user.focus(sea.editor.instruction.words)
    user.press("ctrl+a")
    user.type(FISH)
    qtbot.waitUntil(lambda: session.preferences.instruction == FISH)
    user.press("ctrl+shift+Return")
    box = dialog(qtbot)
    assert CAR in box.text() and not session.work.busy
    qtbot.waitUntil(box.isActiveWindow)
    user.press("Escape")
    qtbot.waitUntil(sea.isActiveWindow)
    assert not session.work.busy and session.document.state.plan is plan and not session.document.state.layers

    user.press("ctrl+shift+Return")
    qtbot.waitUntil(dialog(qtbot).isActiveWindow)
    user.press("Return")  # the preferred answer: plan again
    qtbot.waitUntil(lambda: session.document.state.plan.origin.instruction == FISH)
    qtbot.waitUntil(sea.isActiveWindow)
    user.press("ctrl+alt+2")  # to the canvas: in the field, Ctrl+Z takes back what was typed
    qtbot.waitUntil(sea.editor.canvas.hasFocus)
    user.press("ctrl+z")
    qtbot.waitUntil(lambda: session.document.state.plan.origin.instruction == CAR)

    user.press("ctrl+shift+Return")
    qtbot.waitUntil(dialog(qtbot).isActiveWindow)
    user.press("alt+d")  # Draw this plan
    qtbot.waitUntil(lambda: session.work.busy or session.work.results is not None)
    wait_for_results(sea, qtbot)
    user.press("Return")
    qtbot.waitUntil(lambda: bool(session.document.state.layers))
    assert [layer.name for layer in session.document.state.layers] == [f"GoT: {CAR}"]
