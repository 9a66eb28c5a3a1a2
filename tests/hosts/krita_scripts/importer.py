"""Krita's own Import Python Plugin from File, with the zip, by keys and mouse."""

import os
import shutil
from pathlib import Path

from hands import click, in_front, press, write
from PyQt5.QtCore import QTimer
from PyQt5.QtWidgets import QApplication, QMessageBox
from steps import KRITA

RESOURCES = Path(KRITA.getAppDataLocation())


def steps(note):
    # as if the plug-in had never been there
    shutil.rmtree(RESOURCES / "pykrita/got_krita")
    for name in ("pykrita/got_krita.desktop", "actions/got_krita.action"):
        (RESOURCES / name).unlink()
    KRITA.writeSetting("python", "enable_got_krita", "false")

    QTimer.singleShot(0, KRITA.action("plugin_importer_file").trigger)  # it waits for the answers
    yield lambda: QApplication.activeModalWidget()
    yield from in_front()
    yield from write(os.environ["GOT_ZIP"])
    yield from press("Return")
    yield lambda: isinstance(QApplication.activeModalWidget(), QMessageBox)
    box = QApplication.activeModalWidget()
    note("said", box.text())
    yield from in_front()
    yes = box.button(QMessageBox.Yes)
    if yes:
        yield from click(yes)
    else:
        yield from press("Escape")
    yield lambda: QApplication.activeModalWidget() is None
    names = ("pykrita/got_krita/__init__.py", "pykrita/got_krita.desktop", "actions/got_krita.action")
    note("imported", [(RESOURCES / name).is_file() for name in names])
    note("enabled", KRITA.readSetting("python", "enable_got_krita", ""))
