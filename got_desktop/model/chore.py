"""A process of the engine's that says in JSON lines how far it is: a download, an import."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

from PySide6.QtCore import QObject, QProcess, Signal

from engine.api.errors import EngineError
from got_desktop.child import child_command, child_error

_WAIT = 3000


class Chore(QObject):
    """Runs beside the window; ended when its owner wants it to."""

    progressed = Signal(str, object, object)
    """Stage, how much is done, how much there is: integers, which may be larger than Qt's own."""
    ended = Signal(object)
    """What it said last, a dict; not sent after `stop`."""
    failed = Signal(object)
    """An EngineError; not sent after `stop`."""

    def __init__(self, module: str, given: object, parent: QObject) -> None:
        super().__init__(parent)
        self._last: dict[str, Any] = {}
        self._process = QProcess(self)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.finished.connect(self._finished)
        program, *arguments = child_command(module, given)
        self._process.start(program, arguments)

    def stop(self) -> None:
        """Ends it. What was downloaded stays, and of an import the files that are whole: the next one goes on."""
        self._process.finished.disconnect(self._finished)
        self._process.readyReadStandardOutput.disconnect(self._read)
        if os.name == "posix" and self._process.processId():
            os.kill(self._process.processId(), signal.SIGINT)
        else:
            self._process.kill()
        self._process.finished.connect(self.deleteLater)

    def wait(self) -> None:
        """For the end of the program: until the process is gone, a few seconds at most."""
        if self._process.state() != QProcess.ProcessState.NotRunning and not self._process.waitForFinished(_WAIT):
            self._process.kill()
            self._process.waitForFinished(_WAIT)

    def _read(self) -> None:
        while self._process.canReadLine():
            said = json.loads(bytes(self._process.readLine().data()))
            if "stage" in said:
                self.progressed.emit(said["stage"], said["done"], said["total"])
            self._last = said

    def _finished(self) -> None:
        self._read()
        if {"summary", "offer"} & self._last.keys():
            self.ended.emit(self._last)
        elif "code" in self._last:
            self.failed.emit(child_error(self._last))
        else:
            lines = bytes(self._process.readAllStandardError().data()).decode(errors="replace").split("\n")
            last = next((line for line in reversed(lines) if line.strip()), "")
            self.failed.emit(EngineError("import_died", "The process exited: {last}", last=last))
        self.deleteLater()
