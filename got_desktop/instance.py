"""One window for each user: a second start passes its files to the open window."""

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
    """The server's name, which differs between users and between data folders."""
    digest = hashlib.sha256(f"{getpass.getuser()} {folder.resolve()}".encode()).hexdigest()[:16]
    return f"got_desktop-{digest}"


def hand_over(folder: Path, files: list[Path]) -> bool:
    """Passes the files to the open window; False if there is none."""
    socket = QLocalSocket()
    socket.connectToServer(server_name(folder))
    if not socket.waitForConnected(_WAIT):
        return False
    socket.write(json.dumps([str(path.resolve()) for path in files]).encode() + b"\n")
    socket.waitForBytesWritten(_WAIT)
    confirmed = socket.waitForReadyRead(_WAIT)
    socket.disconnectFromServer()
    return confirmed


class Instance(QObject):
    """Listens for further starts by the same user."""

    files_received = Signal(object)
    """A list of Paths; empty if the second start named no files."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._accept)
        QLocalServer.removeServer(server_name(folder))  # a crash may have left it behind
        self._server.listen(server_name(folder))

    def _accept(self) -> None:
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
        self.files_received.emit(files)

    def close(self) -> None:
        self._server.close()
