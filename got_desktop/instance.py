"""One window for each user: a second start hands its files to the window that is open."""

from __future__ import annotations

import getpass
import hashlib
import json
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

_WAIT = 1000
_MOST = 65_536


def server_name(folder: Path) -> str:
    """Another user's, or another data folder's, is another name."""
    mark = hashlib.sha256(f"{getpass.getuser()} {folder.resolve()}".encode()).hexdigest()[:16]
    return f"got_desktop-{mark}"


def hand_over(folder: Path, files: list[Path]) -> bool:
    """Gives the files to the window that is open; False where there is none."""
    socket = QLocalSocket()
    socket.connectToServer(server_name(folder))
    if not socket.waitForConnected(_WAIT):
        return False
    socket.write(json.dumps([str(path.resolve()) for path in files]).encode() + b"\n")
    socket.waitForBytesWritten(_WAIT)
    answered = socket.waitForReadyRead(_WAIT)
    socket.disconnectFromServer()
    return answered


class Instance(QObject):
    """Listens for second starts. Only this user can reach it."""

    files_came = Signal(object)
    """A list of Paths; empty where the second start had none."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._came)
        QLocalServer.removeServer(server_name(folder))  # what a crash left behind
        self._server.listen(server_name(folder))

    def _came(self) -> None:
        socket = self._server.nextPendingConnection()
        socket.readyRead.connect(lambda: self._read(socket))
        socket.disconnected.connect(socket.deleteLater)

    def _read(self, socket: QLocalSocket) -> None:
        if not socket.canReadLine():
            return
        line = bytes(socket.readLine(_MOST).data())
        try:
            files = [Path(str(name)) for name in json.loads(line)]
        except ValueError:
            return
        socket.write(b"ok\n")
        socket.flush()
        self.files_came.emit(files)

    def close(self) -> None:
        self._server.close()
