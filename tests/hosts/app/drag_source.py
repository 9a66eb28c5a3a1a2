"""A window from which files can be dragged, as from a file manager that proposes to move them.

Prints the outcome, and then waits to be ended. `python drag_source.py FILE…`
"""

from __future__ import annotations

import sys

from PySide6.QtCore import QMimeData, Qt, QTimer, QUrl
from PySide6.QtGui import QDrag, QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel


class Source(QLabel):
    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(name) for name in sys.argv[1:]])
        drag = QDrag(self)
        drag.setMimeData(data)
        both = Qt.DropAction.MoveAction | Qt.DropAction.CopyAction
        outcome = drag.exec(both, Qt.DropAction.MoveAction)
        print(outcome.name, flush=True)  # the window may still ask for the data


def main() -> None:
    app = QApplication([])
    source = Source("files")
    source.setWindowFlags(Qt.WindowType.X11BypassWindowManagerHint | Qt.WindowType.WindowStaysOnTopHint)
    source.setGeometry(0, 0, 60, 40)
    source.show()
    source.windowHandle().requestActivate()
    QTimer.singleShot(0, lambda: print("ready", flush=True))
    app.exec()


if __name__ == "__main__":
    main()
