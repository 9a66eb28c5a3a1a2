"""Accepted edits are kept as training pairs if the user wants that, and the trainer can read them."""

import numpy as np
from PySide6.QtCore import Qt

from engine.api.chain import Box
from engine.api.protocol import Selection
from got_desktop.model import kept_pairs, settings
from got_desktop.model.plan import Plan
from got_desktop.ui.pages.settings_page import SettingsPage
from tests.got_desktop.app.conftest import errors, wait_for_results
from tests.got_desktop.app.test_main_flow import pixels
from tests.got_desktop.app.test_more_flows import TWO
from training.data.check import Tally, checked, find_data


def test_an_accepted_edit_becomes_a_training_pair(sea, qtbot, data):
    session, folder = sea.session, kept_pairs.folder_of(data)
    page = SettingsPage(session)
    qtbot.addWidget(page)
    assert not session.preferences.settings.keep_pairs and not page.pairs.isChecked()
    session.preferences.draw_with(steps=2, candidates=2)
    session.review.replan(Plan.of(TWO).until(0), "")
    _accept_candidate(sea, qtbot)
    assert not folder.exists()  # nothing is kept by default

    page.pairs.click()
    qtbot.waitUntil(lambda: settings.load(data).keep_pairs)
    new_box = Box(320, 540, 600, 830)
    session.review.resize_box(0, new_box)
    session.review.choose_area(Selection(30, 50, 70, 70))
    before = pixels(session.document.state)
    _accept_candidate(sea, qtbot, Qt.Key.Key_2)
    after = pixels(session.document.state)
    qtbot.waitUntil(lambda: (folder / "pairs.jsonl").exists())
    tally = Tally()
    (example,) = checked(find_data(folder), tally)
    assert tally.counts == {} and example.pair.instruction == "turn the red car purple"
    assert np.array_equal(np.asarray(example.source), before) and np.array_equal(np.asarray(example.target), after)
    region = Plan.of(example.pair.chain).chain.boxes[0]
    assert (region.phrase, region.color) == ("The car", "red")
    edges = ((region.box.x1, 320), (region.box.y1, 540), (region.box.x2, 600), (region.box.y2, 830))
    assert max(abs(actual - expected) for actual, expected in edges) <= 2 and errors(sea) == []


def _accept_candidate(window, qtbot, candidate: Qt.Key = Qt.Key.Key_1) -> None:
    window.editor.run_apply()
    wait_for_results(window, qtbot)
    qtbot.keyClick(window.editor.canvas, candidate)
    qtbot.keyClick(window.editor.canvas, Qt.Key.Key_Return)
