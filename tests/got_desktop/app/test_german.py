"""The window in German: numbers with a decimal comma, and translated errors."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLocale, QTranslator
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QApplication

from engine.api.chain import IM_GEN_START, Box, format_box
from got_desktop import faults
from got_desktop.model import settings
from got_desktop.model.figures import gigabytes, seconds, significant
from got_desktop.model.plan import Plan
from got_desktop.model.settings import Settings
from got_desktop.ui.controls import take_typed
from tests.got_desktop.app.conftest import SEA, Window, errors, open_picture, wait_for_results

CAR = f"The car {format_box(Box(300, 560, 580, 840), 'red')} becomes purple.{IM_GEN_START}"


@pytest.fixture
def window(make_window, data: Path, qapp) -> Iterator[Window]:
    """A window with German selected in the settings."""
    settings.store(data, Settings(language="de"))
    yield make_window()
    QLocale.setDefault(QLocale.system())
    for translator in qapp.findChildren(QTranslator):
        qapp.removeTranslator(translator)


def type_into(qtbot, field: QAbstractSpinBox, text: str) -> str:
    """Types into a number field and returns the text that it then shows."""
    field.lineEdit().selectAll()
    qtbot.keyClicks(field.lineEdit(), text)
    return field.lineEdit().text()


def test_numbers_are_shown_and_read_with_a_comma(window, qtbot):
    session, drawing = window.session, window.editor.instruction.drawing
    own = drawing.fields["semantic"].spin
    qtbot.waitUntil(lambda: bool(session.link.offer.models))
    assert re.fullmatch(r"\d,\d ●", own.text()) and drawing.weight.text() == "1,00"
    for text in ("7.5", "7,5"):  # the number pad may have a point
        assert type_into(qtbot, own, text) == "7,5" and session.preferences.drawing.guidance_scales.semantic == 7.5
        type_into(qtbot, own, "3")
    session.preferences.draw_with(new_picture=True)
    type_into(qtbot, drawing.size_boxes["width"], "1024")
    drawing.size_boxes["width"].setFocus()
    take_typed()  # as Apply does before it draws
    assert session.preferences.drawing.width == 1024
    qtbot.waitUntil(lambda: bool(re.search(r"\d,\d von \d+ GB", window.statusBar().memory.text())))
    assert (gigabytes(15.23e9), seconds(0.421), significant(0.00123)) == ("15,2 GB", "0,42 s", "0,00123")


def test_an_unexpected_error_is_shown_in_german(window, qtbot):
    session = window.session
    session.background.run(lambda say: 1 / 0, lambda nothing: None, session.say)
    qtbot.waitUntil(lambda: bool(errors(window)))
    (error,) = errors(window)
    assert error.text == "Ein unerwarteter Fehler ist aufgetreten (ZeroDivisionError: division by zero)."
    assert str(faults.log_file()) in error.remedy and "Bitte" in error.remedy
    assert "division by zero" in faults.log_file().read_text()


def test_numbers_of_a_result_have_a_comma_and_its_texts_fit(window, qtbot):
    session = window.session
    open_picture(window, qtbot, SEA)
    session.preferences.draw_with(steps=2, candidates=2)
    session.review.replan(Plan.of(CAR), "")
    window.editor.run_apply()
    wait_for_results(window, qtbot)
    assert re.fullmatch(r"Dauerte \d+,\d+ s", window.statusBar().times_button.text())
    qtbot.waitUntil(lambda: bool(window.editor.review.figure.text()))
    assert re.match(r"\d+,\d % des Bildes", window.editor.review.figure.text())
    window.resize(window.minimumSize())
    QApplication.processEvents()
    for button in window.editor.review.findChildren(QAbstractButton):
        text_width = button.fontMetrics().horizontalAdvance(button.text()) + 12
        assert not button.isVisible() or text_width <= button.width(), button.text()
