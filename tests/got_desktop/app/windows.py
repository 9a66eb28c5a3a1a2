"""The app's window in a process of its own, which a test can kill."""

import os
import subprocess
import sys


def start(script: str, *arguments: object, **environment: str) -> subprocess.Popen:
    paths = os.pathsep.join(filter(None, sys.path))
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": paths} | environment,
        stdout=subprocess.PIPE,
        text=True,
    )


WINDOW = """
import sys, time
from pathlib import Path
from PySide6.QtCore import QTimer
from got_desktop import app
application = app.make_application()
window = app.open_window(application, Path(sys.argv[1]))
window.session.preferences.configure(first_start=False)
window.show()
while not window.windowHandle().isExposed():
    application.processEvents()
"""
