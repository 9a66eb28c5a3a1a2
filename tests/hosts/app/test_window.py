"""The window's size, and what is shown in a small one."""

import pytest
from PySide6.QtCore import QPoint, QRect, Qt, QTranslator
from PySide6.QtWidgets import QAbstractButton, QApplication, QScrollArea, QToolButton, QWidget

from got_desktop.app import set_language
from got_desktop.model.plan import Plan
from got_desktop.model.samples import samples
from got_desktop.model.settings import Settings, store
from got_desktop.ui.registry import PAGES
from tests.got_desktop.app.conftest import Window, wait_for_results
from tests.got_desktop.app.test_more_flows import TWO
from tests.hosts.app.conftest import activate

SMALL = (1024, 700)
ICON_ONLY = Qt.ToolButtonStyle.ToolButtonIconOnly


def cut_off(window: Window) -> list[str]:
    """Visible widgets that are partly outside the widget around them, other than by scrolling."""
    return [
        f"{type(widget).__name__} {widget.accessibleName()} in {type(parent).__name__}"
        for widget in window.findChildren(QWidget)
        if widget.isVisible()
        and not widget.isWindow()
        and (parent := widget.parentWidget()) is not None
        and not _scrolls_down(parent)
        and not widget.objectName().startswith("qt_")
        and not parent.rect().contains(widget.geometry())
        and type(widget) not in (QWidget,)
    ]


def _scrolls_down(parent: QWidget) -> bool:
    above = parent.parentWidget()
    return isinstance(parent, QScrollArea) or isinstance(above, QScrollArea)


def too_wide(window: Window) -> list[str]:
    """Scrolled contents that are wider than their area, which scrolls only down."""
    return [
        f"{type(area.widget()).__name__} in {type(area.parentWidget()).__name__}"
        for area in window.findChildren(QScrollArea)
        if area.isVisible() and (inside := area.widget()) is not None and inside.width() > area.viewport().width()
    ]


def short_texts(window: Window) -> list[str]:
    """Buttons with less room than their text needs."""
    return [
        f"{button.text()}: {button.width()}"
        for button in window.findChildren(QAbstractButton)
        if button.isVisible()
        and not (
            isinstance(button, QToolButton) and button.toolButtonStyle() == ICON_ONLY and not button.icon().isNull()
        )
        and button.fontMetrics().horizontalAdvance(button.text().replace("&", "")) > button.width()
    ]


@pytest.mark.parametrize("language", ["en", "de"])
def test_everything_fits_into_a_small_window(qapp, make_window, qtbot, data, language):
    store(data, Settings(language=language, first_start=False))
    try:
        window = make_window()
        window.resize(*SMALL)
        states = []

        def look(name: str) -> None:
            qtbot.wait(50)  # layouts settle
            states.append(
                (name, (window.width(), window.height()), cut_off(window), too_wide(window), short_texts(window))
            )

        look("start")
        window.session.open_sample(samples()[-1])
        qtbot.waitUntil(lambda: window.session.document.is_open and not window.session.document.busy)
        window.session.review.replan(Plan.of(TWO), "")
        window.session.review.select(0)
        look("review")
        window.session.review.replan(Plan.of(TWO).until(0), "")
        window.session.preferences.draw_with(candidates=8, steps=1)
        window.editor.run_apply()
        wait_for_results(window, qtbot)
        look("results")
        for page in PAGES:
            window.show_page(page.id)
            look(page.id)
        wrong = [str(state) for state in states if state[1:] != (SMALL, [], [], [])]
        assert not wrong, "\n".join(wrong)
    finally:
        for translator in qapp.findChildren(QTranslator):
            qapp.removeTranslator(translator)
        set_language(qapp, "en")


def test_panels_are_hidden_and_shown_by_keys_and_buttons_and_stay_so(sea, make_window, qtbot, user):
    activate(sea, qtbot)
    editor, width = sea.editor, sea.editor.canvas.width()
    user.press("F9")
    qtbot.waitUntil(lambda: not editor.right.isVisible() and editor.canvas.width() > width)
    user.press("ctrl+alt+5")  # go to the layers
    qtbot.waitUntil(lambda: editor.right.isVisible() and editor.layers.list.hasFocus())
    toggle = next(b for b in sea.findChildren(QAbstractButton) if b.toolTip().endswith("(F8)"))
    user.click(toggle)
    qtbot.waitUntil(lambda: not editor.history.isVisible())
    other = make_window()
    assert other.session.preferences.settings.hidden_panels == ("bottom",)


def test_the_window_starts_inside_the_screen(qapp, make_window, monkeypatch):
    window = make_window()
    screen = window.screen().availableGeometry()
    assert screen.contains(QRect(QPoint(), window.size()))
    QApplication.processEvents()


def test_the_dialog_of_keys_scrolls_and_closes(sea, qtbot, user):
    activate(sea, qtbot)
    user.press("F1")
    qtbot.waitUntil(lambda: not sea.isActiveWindow() and QApplication.activeWindow() is not None)
    dialog = QApplication.activeWindow()
    assert dialog is not None and dialog.height() <= sea.height()
    area = dialog.findChild(QScrollArea)
    assert area is not None and area.verticalScrollBar().maximum() > 0
    user.press("Page_Down")
    qtbot.waitUntil(lambda: area.verticalScrollBar().value() > 0)
    user.press("Escape")
    qtbot.waitUntil(sea.isActiveWindow)
