"""Between the engine's PNG and Krita's pixels. Needs no document: it may run in any thread."""

from __future__ import annotations

from dataclasses import dataclass

from plugins.common.jobs import Candidate
from plugins.krita.qt import QtCore, QtGui

QImage, QPainter = QtGui.QImage, QtGui.QPainter


@dataclass(frozen=True)
class Result:
    """A candidate as Krita takes it."""

    seed: int
    pixels: QtGui.QImage
    """ARGB32, opaque: what the layer holds."""
    mask: QtGui.QImage
    """Grayscale8: how much of it shows."""
    whole: QtGui.QImage
    """ARGB32: the finished picture."""


def png(image: QtGui.QImage) -> bytes:
    """The picture as a PNG, fast rather than small."""
    data = QtCore.QByteArray()
    buffer = QtCore.QBuffer(data)
    buffer.open(QtCore.QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG", 80)
    return bytes(data)


def result(candidate: Candidate, selection: QtGui.QImage | None) -> Result:
    """The turns of a candidate as one layer with one mask; outside the selection the mask is 0."""
    pixels, mask = _flattened(candidate)
    if selection is not None:
        mask = _multiplied(mask, selection)
    whole = QImage.fromData(candidate.image).convertToFormat(QImage.Format.Format_ARGB32)
    return Result(candidate.seed, pixels, mask, whole)


def _flattened(candidate: Candidate) -> tuple[QtGui.QImage, QtGui.QImage]:
    """(pixels, mask)"""
    if not candidate.layers:  # a new picture
        whole = QImage.fromData(candidate.image).convertToFormat(QImage.Format.Format_ARGB32)
        mask = QImage(whole.size(), QImage.Format.Format_Grayscale8)
        mask.fill(255)
        return whole, mask
    layers = [QImage.fromData(layer).convertToFormat(QImage.Format.Format_ARGB32) for layer, _ in candidate.layers]
    masks = [QImage.fromData(mask).convertToFormat(QImage.Format.Format_Grayscale8) for _, mask in candidate.layers]
    if len(layers) == 1:
        return _opaque(layers[0]), masks[0]
    together = layers[0]
    painter = QPainter(together)
    for layer in layers[1:]:
        painter.drawImage(0, 0, layer)
    painter.end()
    return _opaque(together), _grey(together.convertToFormat(QImage.Format.Format_Alpha8))


def _opaque(image: QtGui.QImage) -> QtGui.QImage:
    """The colors alone; RGB32 has the same bytes with an alpha that does not count."""
    return image.convertToFormat(QImage.Format.Format_RGB32).convertToFormat(QImage.Format.Format_ARGB32)


def _multiplied(mask: QtGui.QImage, selection: QtGui.QImage) -> QtGui.QImage:
    rgb = QImage.Format.Format_RGB32
    product = mask.convertToFormat(rgb)
    painter = QPainter(product)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Multiply)
    painter.drawImage(0, 0, selection.convertToFormat(rgb))
    painter.end()
    return product.convertToFormat(QImage.Format.Format_Grayscale8)


def _grey(alpha: QtGui.QImage) -> QtGui.QImage:
    """Alpha8 as Grayscale8: the same bytes under another name."""
    format = QImage.Format.Format_Grayscale8
    return QImage(alpha.constBits(), alpha.width(), alpha.height(), alpha.bytesPerLine(), format).copy()
