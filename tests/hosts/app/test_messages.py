"""Messages over the page."""

from PySide6.QtCore import QRect

from engine.api.errors import EngineError
from got_desktop.model.messages import Message
from tests.got_desktop.app.conftest import Window
from tests.hosts.app.conftest import activate


def place(window: Window) -> QRect:
    """The messages' place, in the window's central widget."""
    return window.messages.geometry()


def test_messages_push_nothing_cover_no_button_and_are_at_most_three(sea, qtbot, user):
    activate(sea, qtbot)
    editor = sea.editor
    before = [widget.geometry() for widget in (editor.instruction, editor.canvas, editor.history, editor.layers)]
    for number in range(5):
        sea.session.message.emit(Message("error", f"Problem {number}. " + "It is long. " * 20, "Do this."))
    qtbot.waitUntil(lambda: sea.messages.isVisible())
    assert [message.text[:9] for message in sea.messages.messages] == ["Problem 2", "Problem 3", "Problem 4"]
    assert before == [w.geometry() for w in (editor.instruction, editor.canvas, editor.history, editor.layers)]
    assert place(sea).height() > 100
    for button in (editor.instruction.plan, editor.instruction.apply, editor.bar.draw, editor.history.reuse):
        at = QRect(button.mapTo(sea.centralWidget(), button.rect().topLeft()), button.size())
        assert not at.intersects(place(sea)), button.text()
    for page in ("settings", "editor"):
        sea.show_page(page)
        assert sea.centralWidget().rect().contains(place(sea)) and sea.messages.isVisible()


def test_messages_are_reached_and_closed_by_keys(sea, qtbot, user):
    activate(sea, qtbot)
    sea.session.message.emit(Message("error", "One.", ""))
    sea.session.message.emit(Message("error", "Two.", ""))
    user.press("ctrl+alt+7", "space")
    qtbot.waitUntil(lambda: [message.text for message in sea.messages.messages] == ["One."])
    user.press("ctrl+alt+7", "space")
    qtbot.waitUntil(lambda: not sea.messages.isVisible())


def test_a_message_goes_with_its_cause(sea, qtbot, user):
    """The error of a run goes when the next begins, and the other messages stay."""
    activate(sea, qtbot)
    sea.session.message.emit(Message.of(EngineError("x", "The disk is full.", "Free some space.")))
    sea.session.preferences.draw_with(model="no-such-model")
    user.focus(sea.editor.instruction.words)
    user.press("ctrl+Return")
    qtbot.waitUntil(lambda: len(sea.messages.messages) == 2)
    sea.session.preferences.draw_with(model="got-mini")
    user.press("ctrl+Return")
    qtbot.waitUntil(lambda: sea.session.work.busy)
    assert [message.text for message in sea.messages.messages] == ["The disk is full."]
    qtbot.waitUntil(lambda: not sea.session.work.busy)
