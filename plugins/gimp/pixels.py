"""Conversions between the engine's PNG and bytes. They do not need GIMP and may run in any thread."""

from __future__ import annotations

from dataclasses import dataclass

from gi.repository import GdkPixbuf, GLib

from plugins.common.jobs import Candidate

_FULL_OR_EMPTY = bytes([0] + [255] * 255)
"""Each alpha -> 0 for 0, otherwise 255; half-transparent pixels are the host's part, see `picture.insert`."""


@dataclass(frozen=True)
class Result:
    """A candidate in the form that GIMP needs; rows have no padding."""

    seed: int
    width: int
    height: int
    rgba: bytes
    """Content of the layer: opaque, but empty where the picture below is."""
    mask: bytes
    """One byte per pixel: how much of the layer shows."""
    whole: bytes
    """The finished picture, RGBA."""

    @property
    def shows(self) -> bool:
        """Whether a pixel of the layer can be seen."""
        both = int.from_bytes(self.rgba[3::4], "big") & int.from_bytes(self.mask.translate(_FULL_OR_EMPTY), "big")
        return both != 0


def png(rgba: bytes, width: int, height: int) -> bytes:
    """Encodes a picture as PNG."""
    success, data = pixbuf(rgba, width, height).save_to_bufferv("png", ["compression"], ["1"])
    assert success  # it raises an error otherwise
    return bytes(data)


def pixbuf(rgba: bytes, width: int, height: int) -> GdkPixbuf.Pixbuf:
    """Wraps the bytes in a GTK picture."""
    data = GLib.Bytes.new(rgba)
    return GdkPixbuf.Pixbuf.new_from_bytes(data, GdkPixbuf.Colorspace.RGB, True, 8, width, height, width * 4)


def result(candidate: Candidate, below: bytes = b"", selection: bytes | None = None) -> Result:
    """Combines the turns of a candidate into one layer with one mask. Outside the selection the mask is 0.

    `below` is the edited picture, RGBA.
    """
    whole = _decoded(candidate.image)
    width, height = whole.get_width(), whole.get_height()
    if not candidate.layers:  # a new picture
        return Result(candidate.seed, width, height, _rgba(whole), b"\xff" * (width * height), _rgba(whole))
    together = _decoded(candidate.layers[0][0])
    mask = _rgba(_decoded(candidate.layers[0][1]))[::4]
    for layer, _ in candidate.layers[1:]:
        nearest = GdkPixbuf.InterpType.NEAREST
        _decoded(layer).composite(together, 0, 0, width, height, 0, 0, 1, 1, nearest, 255)
        mask = _rgba(together)[3::4]
    if selection is not None:
        mask = bytes(value * factor // 255 for value, factor in zip(mask, selection, strict=True))
    rgba = bytearray(_rgba(together))
    rgba[3::4] = below[3::4].translate(_FULL_OR_EMPTY)
    return Result(candidate.seed, width, height, bytes(rgba), mask, _rgba(whole))


def _decoded(data: bytes) -> GdkPixbuf.Pixbuf:
    loader = GdkPixbuf.PixbufLoader.new_with_type("png")
    loader.write(data)
    loader.close()
    picture = loader.get_pixbuf()
    return picture if picture.get_has_alpha() else picture.add_alpha(False, 0, 0, 0)


def _rgba(picture: GdkPixbuf.Pixbuf) -> bytes:
    data, stride, row = picture.get_pixels(), picture.get_rowstride(), picture.get_width() * 4
    if stride == row:
        return bytes(data[: row * picture.get_height()])
    return b"".join(bytes(data[at : at + row]) for at in range(0, stride * picture.get_height(), stride))
