"""What the scripts share: the docker, documents and their pixels."""

import os
from pathlib import Path

from krita import Krita
from PyQt5.QtCore import QEvent, QPointF, Qt
from PyQt5.QtGui import QMouseEvent
from PyQt5.QtWidgets import QApplication

PICTURES = Path(os.environ["GOT_PICTURES"])
KRITA = Krita.instance()


def docker():
    return next(found for found in KRITA.dockers() if found.objectName() == "got_docker")


def opened(name):
    """The document, once its view is in front: `document = yield from opened(…)`."""
    document = KRITA.openDocument(str(PICTURES / name))
    document.setBatchmode(True)
    KRITA.activeWindow().addView(document)
    KRITA.setActiveDocument(document)
    yield lambda: in_front() == identity(document)
    return document


def identity(document):
    return document.rootNode().uniqueId().toString()


def in_front():
    """The identity of the active document, None where there is none."""
    document = KRITA.activeDocument()
    return identity(document) if document else None


def free():
    """True when the docker waits for the user again."""
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
    """Bytes a pixel are `size`: the numbers of the pixels that differ."""
    return [at // size for at in range(0, len(before), size) if before[at : at + size] != after[at : at + size]]


def mask_of(document):
    """(x, y, w, h) of what the mask of the topmost layer shows, and how many pixels it shows at all."""
    layer = document.topLevelNodes()[-1]
    width, height = document.width(), document.height()
    mask = bytes(layer.childNodes()[0].pixelData(0, 0, width, height))
    return [at for at, value in enumerate(mask) if value]


def drag(preview, start, end):
    """The mouse pressed at `start`, moved to `end` and let go; in pixels of the preview."""
    left, none = Qt.LeftButton, Qt.NoModifier
    for kind, at, buttons in (
        (QEvent.MouseButtonPress, start, left),
        (QEvent.MouseMove, end, left),
        (QEvent.MouseButtonRelease, end, Qt.NoButton),
    ):
        button = Qt.NoButton if kind == QEvent.MouseMove else left
        QApplication.sendEvent(preview, QMouseEvent(kind, QPointF(*at), button, buttons, none))


def show_docker(wide=380):
    """The docker in front and wide enough, as a user would have it."""
    from PyQt5.QtWidgets import QDockWidget

    found = docker()
    main = KRITA.activeWindow().qwindow()
    for other in main.findChildren(QDockWidget):
        if other is not found and main.dockWidgetArea(other) == Qt.RightDockWidgetArea:
            other.hide()
    found.show()
    found.raise_()
    main.resizeDocks([found], [wide], Qt.Horizontal)
    return found


def picture_of(widget, name):
    widget.grab().save(str(PICTURES / name))


def screen_shot(name):
    main = KRITA.activeWindow().qwindow().geometry()
    QApplication.primaryScreen().grabWindow(0, *main.getRect()).save(str(PICTURES / name))


def close(document):
    gone = identity(document)
    document.setModified(False)
    document.close()
    yield lambda: gone not in [identity(open) for open in KRITA.documents()] and in_front() != gone


def at_first_step():
    """True once the engine has drawn a step of what runs now."""
    seen = []
    docker().editing.progress_changed.connect(lambda line: seen.append(line) if line.text.startswith("Step") else None)
    return lambda: bool(seen) or free()
