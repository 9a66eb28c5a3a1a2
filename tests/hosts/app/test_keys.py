"""Keys pressed at the app's window."""

from tests.hosts.app.conftest import activate


def test_words_typed_into_the_instruction_reach_it(sea, qtbot, user):
    activate(sea, qtbot)
    field = sea.editor.instruction.words
    user.focus(field)
    user.press("ctrl+a")
    user.type("make the boat yellow")
    qtbot.waitUntil(lambda: sea.session.preferences.instruction == "make the boat yellow")
