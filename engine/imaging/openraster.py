"""OpenRaster: a picture with layers for Krita, GIMP and others (https://www.openraster.org, version 0.0.3)."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree

from PIL import Image

from engine.api.errors import ImageError
from engine.api.formats import PNG
from engine.api.notes import Note
from engine.imaging.composite import Layer
from engine.imaging.decode import MAX_BYTES, Source, decode
from engine.imaging.save import Facts, encode

MIMETYPE = b"image/openraster"
_THUMBNAIL = (256, 256)
_MAX_XML = 1_000_000
# What zipfile and the XML parser raise for a damaged archive; RuntimeError for an encrypted one.
_BROKEN = (
    zipfile.BadZipFile,
    ElementTree.ParseError,
    zlib.error,
    KeyError,
    ValueError,
    RuntimeError,
    OSError,
    EOFError,
)


@dataclass(frozen=True)
class RasterLayer:
    """A layer of the file."""

    name: str
    image: Image.Image
    """RGB or RGBA; its transparency is the layer's mask."""
    position: tuple[int, int] = (0, 0)
    opacity: float = 1.0
    """0 to 1."""
    visible: bool = True
    source: Source | None = None
    """The metadata of the layer's file; None unless the layer was read."""


@dataclass(frozen=True)
class OpenRaster:
    size: tuple[int, int]
    layers: tuple[RasterLayer, ...]
    """From bottom to top."""
    merged: Image.Image
    extra: Mapping[str, bytes] = field(default_factory=dict)
    """Other files in the folder `data`, by name."""


def write_openraster(
    base: Image.Image, layers: Sequence[Layer], merged: Image.Image, source: Source | None, facts: Facts | None
) -> bytes:
    """The bytes of an .ora file: `base` (RGB or RGBA) as the lowest layer, the edits above it, and the merged picture.

    The edits' masks become transparency, multiplied by that of the base. `source` provides EXIF data, profile and
    resolution.
    """
    stack = [RasterLayer("Source" if source else "Picture", base)]
    stack += [RasterLayer(layer.name, layer.in_stack(base)) for layer in layers]
    return write_stack(stack, merged, source, facts)


def write_stack(
    layers: Sequence[RasterLayer],
    merged: Image.Image,
    source: Source | None,
    facts: Facts | None,
    extra: Mapping[str, bytes] | None = None,
    compress_level: int = 6,
) -> bytes:
    """The bytes of an .ora file with these layers, the lowest first, and their merged picture.

    `extra` holds files in the folder `data` that other programs ignore. `compress_level` is PNG's, 0 to 9.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:  # PNG is compressed already
        archive.writestr("mimetype", MIMETYPE)  # must be the first entry, uncompressed
        archive.writestr("stack.xml", _stack_xml(merged.size, layers, source))
        for index, layer in enumerate(layers):
            archive.writestr(
                f"data/layer{index}.png", encode(layer.image, ".png", source, compress_level=compress_level)
            )
        for name, data in (extra or {}).items():
            archive.writestr(f"data/{name}", data)
        archive.writestr("mergedimage.png", encode(merged, ".png", source, facts, compress_level))
        thumbnail = merged.copy()
        thumbnail.thumbnail(_THUMBNAIL)
        archive.writestr("Thumbnails/thumbnail.png", encode(thumbnail, ".png"))
    return buffer.getvalue()


def _stack_xml(size: tuple[int, int], layers: Sequence[RasterLayer], source: Source | None) -> bytes:
    image = ElementTree.Element("image", version="0.0.3", w=str(size[0]), h=str(size[1]))
    if source is not None and source.dpi:
        image.set("xres", str(round(source.dpi[0])))
        image.set("yres", str(round(source.dpi[1])))
    stack = ElementTree.SubElement(image, "stack")
    for index, layer in reversed(list(enumerate(layers))):  # the topmost layer comes first
        attributes = {"name": layer.name, "src": f"data/layer{index}.png"}
        attributes |= {"x": str(layer.position[0]), "y": str(layer.position[1]), "opacity": str(layer.opacity)}
        attributes |= {"visibility": "visible" if layer.visible else "hidden", "composite-op": "svg:src-over"}
        ElementTree.SubElement(stack, "layer", attributes)
    return ElementTree.tostring(image, "UTF-8", xml_declaration=True)


def read_openraster(data: bytes, name: str) -> OpenRaster:
    """Reads the layers and the merged picture of an .ora file. Raises ImageError naming the file.

    Groups are replaced by their layers.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if _entry(archive, "mimetype", _MAX_XML).strip() != MIMETYPE:
                raise ImageError(
                    "openraster_type", "{name} is not an OpenRaster file.", "Save it as .ora again.", name=name
                )
            xml = _entry(archive, "stack.xml", _MAX_XML)
            if b"<!DOCTYPE" in xml:  # never needed, and its entities can grow without bound
                raise ImageError(
                    "openraster_doctype",
                    "{name} contains a document type declaration.",
                    "Save it as .ora again.",
                    name=name,
                )
            image = ElementTree.fromstring(xml)
            layers = [_read_layer(archive, element, name) for element in image.iter("layer")]
            merged = _picture(archive, "mergedimage.png", name).image
            size = (int(image.attrib["w"]), int(image.attrib["h"]))
            return OpenRaster(size, tuple(reversed(layers)), merged, _extra(archive, layers))
    except _BROKEN as error:
        raise ImageError(
            "openraster_broken", "{name} is damaged or not an OpenRaster file.", "Save it again.", name=name
        ) from error


def _read_layer(archive: zipfile.ZipFile, element: ElementTree.Element, name: str) -> RasterLayer:
    source = _picture(archive, element.attrib["src"], name)
    return RasterLayer(
        element.get("name", ""),
        source.image,
        (int(element.get("x", "0")), int(element.get("y", "0"))),
        min(1.0, max(0.0, float(element.get("opacity", "1")))),
        element.get("visibility") != "hidden",
        source,
    )


def _picture(archive: zipfile.ZipFile, entry: str, name: str) -> Source:
    return decode(
        _entry(archive, entry, MAX_BYTES),
        Note.of("entry", "{entry} in {name}", entry=entry, name=name),
        formats=(PNG,),
        min_side=1,
    )


def _extra(archive: zipfile.ZipFile, layers: Sequence[RasterLayer]) -> dict[str, bytes]:
    names = [name for name in archive.namelist() if name.startswith("data/") and not name.endswith("/")]
    own = [name for name in names if not name.startswith("data/layer")][: len(layers) + 1]
    return {name.removeprefix("data/"): _entry(archive, name, MAX_BYTES) for name in own}


def _entry(archive: zipfile.ZipFile, entry: str, limit: int) -> bytes:
    """The bytes of an entry; the size that the archive declares is not trusted."""
    with archive.open(entry) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"{entry} is too large")
    return data
