"""A plug-in for tests: runs a script inside Krita and writes its results.

The script is a generator function `steps(note)`. It yields a number of seconds to wait, or a condition to wait for,
while Krita's event loop runs.
"""

import faulthandler
import json
import os
import runpy
import sys
import time
import traceback

from krita import Extension, Krita
from PyQt5.QtCore import QTimer

LIMIT = 400.0
"""Seconds that a script may wait for one condition."""


class Driver(Extension):
    def setup(self):
        self.report = {"errors": [], "notes": {}, "done": False}

    def createActions(self, window):  # noqa: N802 - Krita's name
        faulthandler.enable()  # prints the origin of a crash of Krita to stderr
        sys.excepthook = self.fault  # Krita's own hook opens a dialog and waits
        self.steps, self.wait_for, self.since = self.begin(), None, time.monotonic()
        self.timer = QTimer()
        self.timer.timeout.connect(self.go_on)
        self.timer.start(50)

    def begin(self):
        yield lambda: Krita.instance().activeWindow() and Krita.instance().activeWindow().qwindow().isVisible()
        yield lambda: "got_docker" in [docker.objectName() for docker in Krita.instance().dockers()]
        Krita.instance().setBatchmode(True)
        yield from runpy.run_path(os.environ["GOT_DRIVER_SCRIPT"])["steps"](self.note)

    def go_on(self):
        try:
            if not self.waiting():
                self.wait_for, self.since = next(self.steps), time.monotonic()
        except StopIteration:
            self.report["done"] = True
            self.end()
        except Exception:
            self.report["errors"].append(traceback.format_exc())
            self.end()

    def waiting(self):
        waited = time.monotonic() - self.since
        if not callable(self.wait_for):
            return waited < (self.wait_for or 0)
        if self.wait_for():
            return False
        if waited > LIMIT:
            self.steps.throw(TimeoutError("timed out"))  # raised where it waits
        return True

    def note(self, name, value):
        self.report["notes"][name] = value
        print("noted", name, value, file=sys.__stderr__, flush=True)

    def fault(self, kind, error, trace):
        self.report["errors"].append("".join(traceback.format_exception(kind, error, trace)))

    def end(self):
        self.timer.stop()
        path = os.environ["GOT_DRIVER_REPORT"]
        with open(path + ".tmp", "w") as file:
            json.dump(self.report, file)
        os.replace(path + ".tmp", path)
        for document in Krita.instance().documents():
            document.setModified(False)
            document.close()
        QTimer.singleShot(500, Krita.instance().action("file_quit").trigger)


Krita.instance().addExtension(Driver(Krita.instance()))
