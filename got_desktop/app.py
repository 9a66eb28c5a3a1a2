"""`python -m got_desktop.app [FILE]`: the desktop app."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QLibraryInfo, QLocale, Qt, QTimer, QTranslator
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

import engine
from engine.api import language
from got_desktop import faults
from got_desktop.background import Background
from got_desktop.instance import Instance, hand_over
from got_desktop.model.engine_link import EngineLink
from got_desktop.model.messages import Message
from got_desktop.model.samples import Sample, samples
from got_desktop.model.session import Session
from got_desktop.model.settings import data_folder
from got_desktop.ui import theme
from got_desktop.ui.icons import app_icon
from got_desktop.ui.window import Window

TRANSLATIONS = Path(engine.__file__).parents[1] / "resources" / "translations"


def make_application() -> QApplication:
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    app = QApplication(sys.argv[:1])
    app.setApplicationName("got_desktop")
    app.setDesktopFileName("got_desktop")
    app.setWindowIcon(app_icon())
    return app


def set_language(app: QApplication, code: str) -> None:
    """Shows all texts and numbers in that language; "" is the system's. Untranslated texts stay in English."""
    locale = QLocale(code) if code else QLocale.system()
    language.choose(TRANSLATIONS, [code] if code else locale.uiLanguages())
    QLocale.setDefault(locale)  # for numbers and number fields
    for name, folder in (
        ("qtbase", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)),
        ("got", str(TRANSLATIONS)),
    ):
        translator = QTranslator(app)
        if translator.load(locale, name, "_", folder):
            app.installTranslator(translator)


def open_window(app: QApplication, folder: Path) -> Window:
    """Builds the window without starting anything slow."""
    background = Background()
    session = Session(folder, background, EngineLink(background))
    set_language(app, session.preferences.settings.language)
    theme.follow(app, session.preferences.settings.theme)
    return Window(session)


def _watch_faults(window: Window) -> None:
    """Reports an unexpected error in one line and writes its details to the log."""

    def report(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return QApplication.quit()
        window.session.message.emit(Message.of(faults.keep(error.with_traceback(traceback))))

    sys.excepthook = report


def _follow_system(app: QApplication, window: Window) -> None:
    def refresh() -> None:
        theme.follow(app, window.session.preferences.settings.theme)
        window.statusBar().refresh()  # type: ignore[attr-defined]

    current = [window.session.preferences.settings.theme]

    def follow_settings() -> None:
        if window.session.preferences.settings.theme != current[0]:
            current[0] = window.session.preferences.settings.theme
            refresh()

    app.styleHints().colorSchemeChanged.connect(lambda _: refresh())
    window.session.preferences.changed.connect(follow_settings)


def run(files: list[Path], sample: Sample | None = None) -> int:
    """Opens a window, or passes the files to the one that is already open. Returns the exit code."""
    app, folder = make_application(), data_folder()
    if hand_over(folder, files):
        return 0
    instance = Instance(folder)
    window = open_window(app, folder)
    _watch_faults(window)
    _follow_system(app, window)

    def open_files(paths: list[Path]) -> None:
        window.show_page("editor")
        window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
        window.raise_()
        window.activateWindow()
        if paths:
            window.files.open_one(paths)

    instance.files_received.connect(open_files)
    window.show()
    QTimer.singleShot(0, window.begin)
    if files:
        QTimer.singleShot(0, lambda: window.files.open_one([file.resolve() for file in files]))
    elif sample is not None:
        QTimer.singleShot(0, lambda: window.session.open_sample(sample, plan=True))
    elif window.session.preferences.settings.first_start:
        QTimer.singleShot(0, window.session.begin_first)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: window.close())
    awake = QTimer(app, interval=300)  # Python handles signals only while it runs
    awake.timeout.connect(lambda: None)
    awake.start()
    code = app.exec()
    instance.close()
    return code


def main() -> None:
    arguments = sys.argv[1:]
    sample = samples()[-1] if "--sample" in arguments else None
    sys.exit(run([Path(name) for name in arguments if not name.startswith("-")], sample))


if __name__ == "__main__":
    main()
