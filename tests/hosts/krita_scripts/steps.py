"""Shared functions of the scripts: the docker, documents and their pixels."""

import os
from pathlib import Path

from krita import Krita
from PyQt5.QtCore import QEvent, QPointF, Qt
from PyQt5.QtGui import QMouseEvent
from PyQt5.QtWidgets import QApplication

PICTURES = Path(os.environ["GOT_PICTURES"])
KRITA = Krita.instance()


def docker():
    return next(one for one in KRITA.dockers() if one.objectName() == "got_docker")


def opened(name):
    """Opens a document and waits until its view is in front: `document = yield from opened(…)`."""
    document = KRITA.openDocument(str(PICTURES / name))
    document.setBatchmode(True)
    KRITA.activeWindow().addView(document)
    KRITA.setActiveDocument(document)
    yield lambda: in_front() == identity(document)
    return document


def identity(document):
    return document.rootNode().uniqueId().toString()


def in_front():
    """The identity of the active document, or None."""
    document = KRITA.activeDocument()
    return identity(document) if document else None


def free():
    """True if the docker waits for the user again."""
    return not docker().editing.busy


def tree(document):
    """[name, type, children] of every node."""

    def of(node):
        return [node.name(), node.type(), [of(child) for child in node.childNodes()]]

    return [of(node) for node in document.topLevelNodes()]


def pixels(document):
    document.refreshProjection()
    document.waitForDone()
    return bytes(document.pixelData(0, 0, document.width(), document.height()))


def changed(before, after, size):
    """Indices of the pixels that differ; a pixel has `size` bytes."""
    return [at // size for at in range(0, len(before), size) if before[at : at + size] != after[at : at + size]]


def mask_of(document):
    """Indices of the pixels that the mask of the topmost layer shows."""
    layer = document.topLevelNodes()[-1]
    width, height = document.width(), document.height()
    mask = bytes(layer.childNodes()[0].pixelData(0, 0, width, height))
    return [at for at, value in enumerate(mask) if value]


def drag(preview, start, end):
    """Presses the mouse at `start`, moves to `end` and releases it; in pixels of the preview."""
    left, none = Qt.LeftButton, Qt.NoModifier
    for kind, at, buttons in (
        (QEvent.MouseButtonPress, start, left),
        (QEvent.MouseMove, end, left),
        (QEvent.MouseButtonRelease, end, Qt.NoButton),
    ):
        button = Qt.NoButton if kind == QEvent.MouseMove else left
        QApplication.sendEvent(preview, QMouseEvent(kind, QPointF(*at), button, buttons, none))


def show_docker(wide=380):
    """Shows the docker in front and wide enough, as a user would."""
    from PyQt5.QtWidgets import QDockWidget

    widget = docker()
    main = KRITA.activeWindow().qwindow()
    for other in main.findChildren(QDockWidget):
        if other is not widget and main.dockWidgetArea(other) == Qt.RightDockWidgetArea:
            other.hide()
    widget.show()
    widget.raise_()
    main.resizeDocks([widget], [wide], Qt.Horizontal)
    return widget


def picture_of(widget, name):
    widget.grab().save(str(PICTURES / name))


def screen_shot(name):
    main = KRITA.activeWindow().qwindow().geometry()
    QApplication.primaryScreen().grabWindow(0, *main.getRect()).save(str(PICTURES / name))


def close(document):
    id = identity(document)
    document.setModified(False)
    document.close()
    yield lambda: id not in [identity(open) for open in KRITA.documents()] and in_front() != id


def at_first_step():
    """A condition that is true once the engine has drawn a step of the running job."""
    lines = []
    docker().editing.progress_changed.connect(lambda line: lines.append(line) if line.text.startswith("Step") else None)
    return lambda: bool(lines) or free()
