"""An engine process that reports its progress in JSON lines, such as a download or an import."""

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
    """A child process of the window that its owner can stop."""

    progressed = Signal(str, object, object)
    """Stage, amount done, total: Python integers, because they may not fit into Qt's."""
    ended = Signal(object)
    """The last line as a dict; not sent after `stop`."""
    failed = Signal(object)
    """An EngineError; not sent after `stop`."""

    def __init__(self, module: str, request: object, parent: QObject) -> None:
        super().__init__(parent)
        self._last: dict[str, Any] = {}
        self._process = QProcess(self)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.finished.connect(self._finish)
        program, *arguments = child_command(module, request)
        self._process.start(program, arguments)

    def stop(self) -> None:
        """Stops the process. Downloaded data and complete files of an import are kept, so that it can resume."""
        self._process.finished.disconnect(self._finish)
        self._process.readyReadStandardOutput.disconnect(self._read)
        if os.name == "posix" and self._process.processId():
            os.kill(self._process.processId(), signal.SIGINT)
        else:
            self._process.kill()
        self._process.finished.connect(self.deleteLater)

    def wait(self) -> None:
        """Waits a few seconds for the process to end, then kills it; called when the program ends."""
        if self._process.state() != QProcess.ProcessState.NotRunning and not self._process.waitForFinished(_WAIT):
            self._process.kill()
            self._process.waitForFinished(_WAIT)

    def _read(self) -> None:
        while self._process.canReadLine():
            line = json.loads(bytes(self._process.readLine().data()))
            if "stage" in line:
                self.progressed.emit(line["stage"], line["done"], line["total"])
            self._last = line

    def _finish(self) -> None:
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
