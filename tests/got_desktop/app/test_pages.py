"""The Settings, Doctor and Plug-ins pages in the real window; keyboard and accessible names of all pages."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QFileDialog,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)

from engine.api.notes import Note
from engine.api.protocol import LoadRequest
from got_desktop.model import settings
from got_desktop.model.history import Entry
from got_desktop.model.settings import Drawing
from got_desktop.ui import theme
from got_desktop.ui.pages.doctor_page import DoctorPage
from got_desktop.ui.pages.parts import Row
from got_desktop.ui.pages.plugins_page import PluginsPage
from got_desktop.ui.pages.settings_page import SettingsPage, language_name, languages
from got_desktop.ui.registry import PAGES
from tests.engine.place import Place
from tests.got_desktop.app.conftest import Window, answer, errors


def show(window: Window, name: str) -> QWidget:
    window.show_page(name)
    return current(window)


def current(window: Window) -> QWidget:
    """The current page."""
    page = window.pages.currentWidget()
    assert page is not None
    return page


def pick(qtbot, box: QComboBox, value: object) -> None:
    """Selects a value by keys, as a user does."""
    box.setFocus()
    qtbot.keyClick(box, Qt.Key.Key_Home)
    for _ in range(box.count()):
        if box.currentData() == value:
            break
        qtbot.keyClick(box, Qt.Key.Key_Down)
    assert box.currentData() == value


def words(where: QWidget) -> str:
    return "\n".join(label.text() for label in where.findChildren(QLabel) if label.isVisible())


# --- all pages ---


def test_every_page_has_a_shortcut_and_all_widgets_have_names(window: Window, qtbot):
    for page in PAGES[1:]:  # the editor has its own tests
        window.actions_.all[f"page_{page.id}"].trigger()
        qtbot.wait(50)
        for one in current(window).findChildren(QWidget):
            if isinstance(one, QAbstractButton | QComboBox | QPlainTextEdit) and one.isVisible():
                assert one.accessibleName() or getattr(one, "text", str)(), (page.id, one)
    doctor = window._widgets["doctor"]
    assert isinstance(doctor, DoctorPage)
    qtbot.waitUntil(lambda: not doctor.busy)


@pytest.mark.parametrize("name", ["settings", "models"])
def test_tab_reaches_all_controls_of_a_page(window: Window, qtbot, name: str):
    page = show(window, name)
    qtbot.waitUntil(lambda: bool(window.session.link.offer.models))
    qtbot.waitUntil(lambda: window.activateWindow() or window.isActiveWindow())
    # a page refills its cards after news from the engine; then the round starts again
    qtbot.waitUntil(lambda: len(controls(page)) >= 3 and controls(page) <= reached(page, qtbot))


def controls(page: QWidget) -> set[QWidget]:
    """The controls that the Tab key should reach."""
    return {
        one
        for one in page.findChildren(QWidget)
        if isinstance(one, QAbstractButton | QComboBox) and one.isVisible() and one.isEnabled()
        # arrow keys reach the others of a group
        if not isinstance(one, QAbstractButton) or one.group() is None or one.isChecked()
    }


def reached(page: QWidget, qtbot) -> set[QWidget]:
    """The controls that the Tab key reaches."""
    widgets: set[QWidget] = set()
    next(iter(controls(page))).setFocus()
    for _ in range(120):
        focus = QApplication.focusWidget()
        if focus is not None:
            widgets.add(focus)
        qtbot.keyClick(focus or page, Qt.Key.Key_Tab)
    return widgets


# --- settings ---


@pytest.fixture
def page(window: Window) -> SettingsPage:
    page = show(window, "settings")
    assert isinstance(page, SettingsPage)
    return page


def test_a_theme_is_saved_and_applied(window: Window, page: SettingsPage, data: Path, qtbot):
    page.theme.findChildren(QAbstractButton)[2].click()
    assert window.session.preferences.settings.theme == "dark"
    qtbot.waitUntil(lambda: settings.load(data).theme == "dark")
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.follow(app, "dark")
    assert theme.colors().dark
    theme.follow(app, "light")


def test_a_language_is_saved_for_the_next_start(window: Window, page: SettingsPage, data: Path, qtbot):
    pick(qtbot, page.language, "en")
    qtbot.waitUntil(lambda: settings.load(data).language == "en")
    assert "restart" in page.language_row.about.text()


def test_the_languages_are_english_and_the_translations():
    assert languages()[0] == "en"
    assert language_name("de") == "Deutsch"


def test_models_run_on_the_selected_device(window: Window, page: SettingsPage, qtbot):
    qtbot.waitUntil(lambda: page.device.findData("cpu") >= 0)
    pick(qtbot, page.device, "cpu")
    assert window.session.preferences.settings.device == window.session.link.device == "cpu"
    outcomes: list[object] = []
    window.session.preferences.configure(device="cuda:7")
    link = window.session.link
    link.run(
        lambda c: LoadRequest(model="got-mini"), lambda c, r: r.id, lambda e: None, outcomes.append, outcomes.append
    )
    qtbot.waitUntil(lambda: bool(outcomes))
    assert "no device “cuda:7”" in str(outcomes[0])  # the engine gets the device that the page shows


def test_the_model_can_be_unloaded(window: Window, page: SettingsPage, qtbot):
    outcomes: list[object] = []
    link = window.session.link
    link.run(
        lambda c: LoadRequest(model="got-mini"), lambda c, r: r.id, lambda e: None, outcomes.append, outcomes.append
    )
    qtbot.waitUntil(lambda: bool(outcomes))
    assert isinstance(outcomes[0], str), outcomes
    qtbot.waitUntil(lambda: page.unload.isEnabled())
    assert "got-mini is loaded" in page.memory.about.text()
    page.unload.setFocus()
    qtbot.keyClick(page.unload, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: page.memory.about.text() == "No model is loaded.")
    assert not errors(window)


def test_switched_off_options_are_saved(window: Window, page: SettingsPage, data: Path, qtbot):
    page.facts.setFocus()
    qtbot.keyClick(page.facts, Qt.Key.Key_Space)
    qtbot.keyClick(page.snap, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not settings.load(data).snap)
    assert not settings.load(data).save_facts


def add_entries(window: Window, number: int, starred: bool = False) -> None:
    for place in range(number):
        window.session.history.add(Entry(f"edit {place}", "", Drawing(), "sea", b"", b"", starred=starred))


def test_the_history_keeps_the_selected_number_of_edits(window: Window, page: SettingsPage, qtbot):
    add_entries(window, 3, starred=True)
    add_entries(window, 104)
    pick(qtbot, page.kept, 100)  # the keys pass "None" on the way
    assert len(window.session.history.find(limit=999)) == 107
    add_entries(window, 1)
    assert len(window.session.history.find(limit=999)) == 103


def test_the_history_is_cleared_after_asking(window: Window, page: SettingsPage, qtbot):
    add_entries(window, 1, starred=True)
    add_entries(window, 4)
    page.clear.click()
    answer(qtbot, "Cancel")
    assert len(window.session.history.find()) == 5
    with qtbot.waitSignal(window.session.history_changed):
        page.clear.click()
        answer(qtbot, "Clear")
    assert [entry.starred for entry in window.session.history.find()] == [True]


def test_all_menu_shortcuts_are_listed(window: Window, page: SettingsPage):
    texts = words(page.keys)
    for action in window.actions_.all.values():
        if not action.shortcut().isEmpty():
            assert action.shortcut().toString(action.shortcut().SequenceFormat.NativeText) in texts, action.text()


# --- doctor ---


def test_the_doctor_shows_and_copies_the_commands_findings(window: Window, qtbot):
    page = show(window, "doctor")
    assert isinstance(page, DoctorPage)
    qtbot.waitUntil(lambda: not page.busy)
    assert [f.what for f in page.findings][:2] == ["Program", "Packages"]
    assert {"Engine", "Devices", "Model"} <= {f.what for f in page.findings}
    row = page.findChild(Row, "finding_Engine")
    assert row is not None
    qtbot.waitUntil(lambda: "running: process" in words(row))  # a new row is shown a moment later
    page.copy.setFocus()
    qtbot.keyClick(page.copy, Qt.Key.Key_Space)
    report = QGuiApplication.clipboard().text()
    assert report == page.report() and "✓ Engine: running" in report


def test_a_problem_is_shown_with_its_remedy_and_fixed(window: Window, qtbot, monkeypatch):
    from engine.api import launch
    from engine.api.errors import EngineUnavailable

    page = show(window, "doctor")
    assert isinstance(page, DoctorPage)
    qtbot.waitUntil(lambda: not page.busy)
    with monkeypatch.context() as context:

        def refuse(name: str) -> None:
            raise EngineUnavailable("engine_start", "The engine does not start.", "See its log.")

        context.setattr(launch, "connect", refuse)
        page.examine()
        qtbot.waitUntil(lambda: not page.busy)
    qtbot.waitUntil(lambda: "Problems: 1" in page.verdict.text())
    row = page.findChild(Row, "finding_Engine")
    assert row is not None and "→ See its log." in row.about.text()
    start = row.findChild(QPushButton)
    assert start is not None and start.text() == "Start the engine"
    start.click()
    qtbot.waitUntil(lambda: not page.busy and "Problems" not in page.verdict.text())


HELD = """
import sys, time
from pathlib import Path

class Held:
    def find_spec(self, name, path=None, target=None):
        while name == "torch" and not Path(__file__).with_name("go").exists():
            time.sleep(0.05)

sys.meta_path.insert(0, Held())
"""
"""For sitecustomize.py, which Python runs at its start: delays the import of PyTorch until the test allows it."""


@pytest.mark.full
@pytest.mark.own_engine
def test_the_doctor_waits_for_an_engine_that_is_starting(make_window, tmp_path: Path, data: Path, monkeypatch, qtbot):
    folder = tmp_path / "slow"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(HELD)
    place = Place(tmp_path / "engine", tmp_path / "models", {"grace": "120"})
    for name, value in place.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.syspath_prepend(folder)
    try:
        window = make_window()
        page = show(window, "doctor")
        assert isinstance(page, DoctorPage)
        devices: list[tuple[Note, ...]] = []
        window.session.link.ask_devices(devices.append)
        qtbot.waitUntil(lambda: "checked again" in page.verdict.text() and not page.busy)
        row = page.findChild(Row, "finding_Devices")
        assert row is not None and "No answer yet" in row.about.text()
        assert "Problems" not in page.verdict.text() and devices == []
        assert "… Devices" in page.report()
        (folder / "go").touch()
        qtbot.waitUntil(lambda: not page.busy and "starting" not in page.verdict.text())
        texts = {finding.what: finding.text for finding in page.findings}
        assert texts.get("Devices", "").startswith("cpu"), texts["Engine"]
        qtbot.waitUntil(lambda: bool(devices))
        assert devices[0][-1].text.startswith("cpu") and errors(window) == []
    finally:
        place.end()


# --- plug-ins ---


@pytest.fixture
def home(tmp_path: Path, monkeypatch) -> Path:
    """An empty home folder."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "GIMP3_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", str(home))
    return home


def plugins(window: Window, qtbot) -> PluginsPage:
    page = show(window, "plugins")
    assert isinstance(page, PluginsPage)
    qtbot.waitUntil(lambda: not page.busy)
    return page


def press(qtbot, page: PluginsPage, name: str) -> None:
    def buttons() -> list[QPushButton]:
        return [b for b in page.findChildren(QPushButton) if b.accessibleName() == name and b.isVisible()]

    qtbot.waitUntil(lambda: len(buttons()) == 1)
    buttons()[0].setFocus()
    qtbot.keyClick(buttons()[0], Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: not page.busy)


def test_missing_hosts_are_reported(window: Window, home: Path, qtbot):
    page = plugins(window, qtbot)
    qtbot.waitUntil(lambda: "Krita was not found" in words(page))
    assert "GIMP 3 was not found" in words(page)


def test_the_doctor_installs_a_missing_plugin(window: Window, home: Path, qtbot):
    (home / ".local/share/krita").mkdir(parents=True)
    page = show(window, "doctor")
    assert isinstance(page, DoctorPage)

    def row() -> QWidget:
        qtbot.waitUntil(lambda: not page.busy)
        finding = page.findChild(QWidget, "finding_Krita plug-in")
        assert finding is not None and page.findChild(QWidget, "finding_GIMP plug-in") is None
        return finding

    qtbot.waitUntil(lambda: "not installed in ~/.local/share/krita" in words(row()))
    install = row().findChild(QPushButton)
    assert install is not None and install.text() == "Install the plug-in"
    install.click()
    qtbot.waitUntil(lambda: any("Restart Krita" in message.text for message in window.message_log))
    qtbot.waitUntil(lambda: "→" not in words(row()) and row().findChild(QPushButton) is None)
    assert (home / ".local/share/krita/pykrita/got_krita.desktop").is_file() and errors(window) == []


def test_a_plugin_is_installed_and_removed(window: Window, home: Path, qtbot):
    (home / ".local/share/krita").mkdir(parents=True)
    page = plugins(window, qtbot)
    press(qtbot, page, "Install: Krita")
    assert (home / ".local/share/krita/pykrita/got_krita.desktop").is_file()
    qtbot.waitUntil(lambda: "Installed" in words(page.hosts["krita"]))
    assert any("Restart Krita" in message.text for message in window.message_log)
    press(qtbot, page, "Remove: Krita")
    assert not (home / ".local/share/krita/pykrita/got_krita").exists()
    assert not errors(window)


def test_a_plugin_is_installed_in_a_folder_that_the_user_chooses(window: Window, home: Path, tmp_path: Path, qtbot):
    page = plugins(window, qtbot)
    press(qtbot, page, "Choose its folder… GIMP 3")
    dialog = next(w for w in window.findChildren(QFileDialog) if w.isVisible())
    dialog.fileSelected.emit(str(tmp_path / "plug-ins"))
    dialog.close()
    press(qtbot, page, "Install: GIMP 3")
    assert (tmp_path / "plug-ins/got_gimp/got_gimp.py").is_file()


def test_another_plugin_is_left_unchanged_and_blocks_nothing_else(window: Window, home: Path, qtbot):
    other = home / ".local/share/krita/pykrita/got_krita"
    other.mkdir(parents=True)
    (home / ".config/GIMP/3.0").mkdir(parents=True)
    page = plugins(window, qtbot)
    qtbot.waitUntil(lambda: "Another plug-in is installed in its place" in words(page))
    assert "Move it away first" in words(page) and other.exists()
    assert [b.text() for b in page.hosts["krita"].findChildren(QPushButton) if b.isVisible()] == ["Check again"]
    press(qtbot, page, "Install: GIMP 3")
    assert (home / ".config/GIMP/3.0/plug-ins/got_gimp/got_gimp.py").is_file() and not list(other.iterdir())
    other.rmdir()
    press(qtbot, page, "Check again: Krita")
    press(qtbot, page, "Install: Krita")
    assert (other / "docker.py").is_file()
