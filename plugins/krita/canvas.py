"""Krita's document: reads the visible pixels and inserts one layer with its mask. Only in Krita's own thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from krita import Document, Krita, Node

from engine.api.language import translate
from engine.api.notes import Note
from plugins.common.geometry import Area, clipped, neighborhood
from plugins.krita.qt import QtCore, QtGui, QtWidgets

SRGB = "sRGB-elle-V2-srgbtrc.icc"
"""Krita's sRGB profile; the engine draws in sRGB."""


@dataclass(frozen=True)
class Target:
    """A document at the time when its pixels were read."""

    id: str
    name: str
    width: int
    height: int

    @classmethod
    def of(cls, document: Document) -> Target:
        id = document.rootNode().uniqueId().toString()
        return cls(id, document.name() or Path(document.fileName()).name, document.width(), document.height())

    def document(self) -> Document | None:
        """The document if it is still open. Another one with the same name does not count."""
        for document in Krita.instance().documents():
            if document.rootNode().uniqueId().toString() == self.id:
                return document
        return None

    @property
    def is_in_front(self) -> bool:
        front = in_front()
        return front is not None and front.id == self.id

    def problem(self) -> Note | None:
        """Why no layer can be inserted into the document. None: the document is unchanged."""
        document = self.document()
        if document is None:
            return Note.of("document_closed", "“{name}” was closed.", name=self.name)
        if (document.width(), document.height()) != (self.width, self.height):
            return Note.of(
                "document_resized",
                "“{name}” was resized from {width_before}×{height_before} to {width}×{height}.",
                name=self.name,
                width=document.width(),
                height=document.height(),
                width_before=self.width,
                height_before=self.height,
            )
        return None


def in_front() -> Target | None:
    """The active document."""
    document = Krita.instance().activeDocument()
    return Target.of(document) if document else None


@dataclass(frozen=True)
class Capture:
    """The input of an edit."""

    target: Target
    area: Area
    """The part of the document that the model sees."""
    pixels: QtGui.QImage
    """That part, flattened, sRGB, ARGB32."""
    selection: QtGui.QImage | None
    """How much of each pixel of the area is selected, Grayscale8. None: nothing is selected, everything may change."""
    notes: tuple[Note, ...]


def capture(document: Document, like: Capture | None = None) -> Capture:
    """Reads the canvas, or the part around the selection. The document does not change.

    With `like`, reads the same part and selection again, whatever is selected now.
    """
    document.waitForDone()
    area, selection = (like.area, like.selection) if like else _selected_area(document)
    space = (document.colorModel(), document.colorDepth(), document.colorProfile())
    if space == ("RGBA", "U8", SRGB):
        return Capture(Target.of(document), area, _image(document, area), selection, ())
    clone = document.clone()
    clone.setBatchmode(True)
    clone.setColorSpace("RGBA", "U8", SRGB)
    clone.waitForDone()
    pixels = _image(clone, area)
    clone.setModified(False)
    clone.close()
    note = Note.of(
        "document_depth",
        "Edited in 8-bit sRGB; the document stays {depth} {model}.",
        depth=_DEPTHS.get(space[1], space[1]),
        model=_MODELS.get(space[0], space[0]),
    )
    return Capture(Target.of(document), area, pixels, selection, (note,))


def _selected_area(document: Document) -> tuple[Area, QtGui.QImage | None]:
    """(area that the model sees, how much of it is selected)"""
    width, height = document.width(), document.height()
    selection = document.selection()
    if selection is None:
        return (0, 0, width, height), None
    bounds = clipped((selection.x(), selection.y(), selection.width(), selection.height()), width, height)
    if bounds is None:
        return (0, 0, width, height), None
    area = neighborhood(bounds, width, height)
    return area, _grey(bytes(selection.pixelData(*area)), area)


_MODELS = {
    "RGBA": "RGB",
    "GRAYA": Note.of("model", "grayscale"),
    "CMYKA": "CMYK",
    "LABA": "Lab",
    "XYZA": "XYZ",
    "YCbCrA": "YCbCr",
}
_DEPTHS = {
    "U8": Note.of("depth", "8-bit"),
    "U16": Note.of("depth", "16-bit"),
    "F16": Note.of("depth", "16-bit float"),
    "F32": Note.of("depth", "32-bit float"),
}


_FULL_OR_EMPTY = bytes([0] + [255] * 255)
"""Each alpha -> 0 for 0, otherwise 255."""


def insert(document: Document, layer: Node, name: str, area: Area, pixels: QtGui.QImage, mask: QtGui.QImage) -> None:
    """Inserts `layer`, an empty layer with a mask, filled and above the active layer, as one undo step.

    `pixels` (ARGB32, sRGB, with the picture's alpha) and `mask` (Grayscale8) have the area's size.
    """
    active = document.activeNode()
    while active is not None and active.type().endswith("mask"):
        active = active.parentNode()
    parent = active.parentNode() if active is not None else None
    data = bytearray(_bytes(pixels, 4))
    if min(data[3::4]) < 255 and _is_topmost(document, active):
        # Krita itself then gives the layer the alpha of what lies below. Elsewhere, as in a group, that would not be
        # the picture's: there the layer's own alpha does it, and half-transparent pixels get denser.
        layer.setInheritAlpha(True)
        data[3::4] = data[3::4].translate(_FULL_OR_EMPTY)
    layer.setName(name)
    layer.setPixelData(QtCore.QByteArray(bytes(data)), *area)
    layer_mask = layer.childNodes()[0]
    layer_mask.setName(translate("GoT mask"))
    layer_mask.setPixelData(QtCore.QByteArray(_bytes(mask, 1)), *area)
    (parent or document.rootNode()).addChildNode(layer, active if parent else None)
    document.refreshProjection()


def _is_topmost(document: Document, node: Node | None) -> bool:
    """Whether everything that the document shows lies below a layer that is inserted above `node`."""
    top = document.topLevelNodes()
    return node is None or not top or top[-1].uniqueId() == node.uniqueId()


def hiding(layer: Node) -> Node | None:
    """The group because of which nobody sees the layer, or None."""
    node = layer.parentNode()
    while node is not None:
        if not node.visible() or node.opacity() == 0:
            return node
        node = node.parentNode()
    return None


def visible(document: Document, area: Area) -> bytes:
    """The pixels that the document shows there."""
    document.waitForDone()
    return bytes(document.pixelData(*area))


def show(target: Target) -> None:
    """Brings a document's view to the front, if it is still open."""
    if target.document() is None:
        return
    # Krita's own setActiveDocument does nothing, and View.setVisible gives all tabs the same title
    for window in Krita.instance().windows():
        tabs = window.qwindow().findChild(QtWidgets.QMdiArea)
        for tab in sorted(tabs.subWindowList(), key=lambda one: target.name not in one.windowTitle()):
            if target.is_in_front:
                return
            tabs.setActiveSubWindow(tab)


def new_document(name: str, pixels: QtGui.QImage) -> Document:
    """Opens a new document with a picture in the active window."""
    krita = Krita.instance()
    document = krita.createDocument(pixels.width(), pixels.height(), name, "RGBA", "U8", SRGB, 72.0)
    layer = document.createNode(name, "paintlayer")
    layer.setPixelData(QtCore.QByteArray(_bytes(pixels, 4)), 0, 0, pixels.width(), pixels.height())
    document.rootNode().addChildNode(layer, None)
    document.refreshProjection()
    krita.activeWindow().addView(document)
    return document


def _image(document: Document, area: Area) -> QtGui.QImage:
    data = bytes(document.pixelData(*area))
    return QtGui.QImage(data, area[2], area[3], area[2] * 4, QtGui.QImage.Format.Format_ARGB32).copy()


def _grey(data: bytes, area: Area) -> QtGui.QImage:
    return QtGui.QImage(data, area[2], area[3], area[2], QtGui.QImage.Format.Format_Grayscale8).copy()


def _bytes(image: QtGui.QImage, pixel: int) -> bytes:
    """The pixels; rows have no padding."""
    data = image.constBits().asstring(image.bytesPerLine() * image.height())
    row = image.width() * pixel
    if image.bytesPerLine() == row:
        return data
    return b"".join(data[at : at + row] for at in range(0, len(data), image.bytesPerLine()))
