"""Conversions between the engine's PNG and Krita's pixels. They need no document and may run in any thread."""

from __future__ import annotations

from dataclasses import dataclass

from plugins.common.jobs import Candidate
from plugins.krita.qt import QtCore, QtGui

QImage, QPainter = QtGui.QImage, QtGui.QPainter


@dataclass(frozen=True)
class Result:
    """A candidate in the form that Krita needs."""

    seed: int
    pixels: QtGui.QImage
    """Content of the layer: ARGB32, opaque."""
    mask: QtGui.QImage
    """Grayscale8: how much of the layer shows."""
    whole: QtGui.QImage
    """The finished picture, ARGB32."""


def png(image: QtGui.QImage) -> bytes:
    """Encodes a picture as PNG, fast rather than small."""
    data = QtCore.QByteArray()
    buffer = QtCore.QBuffer(data)
    buffer.open(QtCore.QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG", 80)
    return bytes(data)


def result(candidate: Candidate, selection: QtGui.QImage | None) -> Result:
    """Combines the turns of a candidate into one layer with one mask. Outside the selection the mask is 0."""
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
    """Makes a picture opaque. RGB32 has the same bytes, with an alpha that is ignored."""
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
    """Reinterprets Alpha8 as Grayscale8: the same bytes in another format."""
    format = QImage.Format.Format_Grayscale8
    return QImage(alpha.constBits(), alpha.width(), alpha.height(), alpha.bytesPerLine(), format).copy()
