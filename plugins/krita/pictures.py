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
    """Content of the layer: ARGB32, with the alpha of the picture that was edited."""
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
    """Combines the turns of a candidate into one layer with one mask. Outside the selection the mask is 0.

    Layer × mask has the alpha that the rule in docs/engine.md asks for (Alpha, masks and hidden colors).
    """
    whole = QImage.fromData(candidate.image).convertToFormat(QImage.Format.Format_ARGB32)
    if not candidate.layers:  # a new picture
        mask = QImage(whole.size(), QImage.Format.Format_Grayscale8)
        mask.fill(255)
        return Result(candidate.seed, whole, mask, whole)
    pixels, mask = _flattened(candidate)
    if selection is not None:
        mask = _multiplied(mask, selection)
    return Result(candidate.seed, _with_alpha_of(whole, pixels), mask, whole)


def _flattened(candidate: Candidate) -> tuple[QtGui.QImage, QtGui.QImage]:
    """(pixels, whose alpha has no meaning, mask)"""
    layers = [QImage.fromData(layer).convertToFormat(QImage.Format.Format_ARGB32) for layer, _ in candidate.layers]
    masks = [QImage.fromData(mask).convertToFormat(QImage.Format.Format_Grayscale8) for _, mask in candidate.layers]
    if len(layers) == 1:
        return layers[0], masks[0]
    together = layers[0]
    painter = QPainter(together)
    for layer in layers[1:]:
        painter.drawImage(0, 0, layer)
    painter.end()
    return together, _grey(together.convertToFormat(QImage.Format.Format_Alpha8))


def _with_alpha_of(whole: QtGui.QImage, pixels: QtGui.QImage) -> QtGui.QImage:
    """The colors of `pixels` with the alpha of the finished picture, which is that of the edited one."""
    data = bytearray(_data(pixels))
    data[3::4] = _data(whole)[3::4]
    return QImage(bytes(data), whole.width(), whole.height(), whole.bytesPerLine(), whole.format()).copy()


def _data(image: QtGui.QImage) -> bytes:
    return image.constBits().asstring(image.sizeInBytes())


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
