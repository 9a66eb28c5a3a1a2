"""A layer with a transparency mask that can be filled before it is in a document, so that both are one undo step.

Krita's scripts can create a transparency mask, but up to Krita 5.1 it has no content, and saving it crashes Krita; and
each node that is added is an undo step of its own, even if it is added to a layer that is in no document yet. A layer
that is read from a file is complete. So a minimal document with a layer and its mask is written and read.
"""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path

from krita import Krita, Node

_DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE DOC PUBLIC '-//KDE//DTD krita 2.0//EN' 'http://www.calligra.org/DTD/krita-2.0.dtd'>
<DOC xmlns="http://www.calligra.org/DTD/krita" editor="Krita" syntaxVersion="2.0" kritaVersion="5.1.5">
 <IMAGE mime="application/x-kra" name="layer" width="1" height="1" x-res="72" y-res="72" colorspacename="RGBA"
  profile="sRGB-elle-V2-srgbtrc.icc" description=""><layers>
  <layer nodetype="paintlayer" name="layer" filename="layer1" colorspacename="RGBA" opacity="255" visible="1"
   compositeop="normal" x="0" y="0" uuid="{0e1d5a5e-7d0f-4a4e-9d0b-1f0a7c1b2d31}"><masks>
   <mask nodetype="transparencymask" name="mask" filename="mask2" visible="1" x="0" y="0"
    uuid="{0e1d5a5e-7d0f-4a4e-9d0b-1f0a7c1b2d32}"/></masks></layer></layers></IMAGE></DOC>"""
_NO_TILES = b"VERSION 2\nTILEWIDTH 64\nTILEHEIGHT 64\nPIXELSIZE %d\nDATA 0\n"


def empty_layer() -> Node:
    """An empty paint layer (8-bit sRGB) whose transparency mask hides everything. It belongs to no document."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "layer.kra"
        _write(path)
        document = Krita.instance().openDocument(str(path))
        layer = document.topLevelNodes()[0].clone()
        document.setModified(False)
        document.close()
    return layer


def _write(path: Path) -> None:
    contents = {
        "mimetype": b"application/x-krita",
        "maindoc.xml": _DOCUMENT.encode(),
        "layer/layers/layer1": _NO_TILES % 4,
        "layer/layers/layer1.defaultpixel": bytes(4),
        "layer/layers/mask2.pixelselection": _NO_TILES % 1,
        "layer/layers/mask2.pixelselection.defaultpixel": bytes(1),
    }
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
