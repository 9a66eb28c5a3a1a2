"""The picture formats, each declared once: which are read, uploaded and written, and how.

Standard library only, Python 3.10.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

OPENRASTER = ".ora"
"""The document format: a picture with its layers. It is read and written by `engine.imaging.openraster`."""


@dataclass(frozen=True)
class PictureFormat:
    """A format of flat pictures."""

    label: str
    """The common name. Pillow uses the same name in capitals."""
    suffixes: tuple[str, ...]
    """File extensions; the first is the default."""
    content_type: str = ""
    """Content type for an upload. Empty: the picture is uploaded as a PNG."""
    save_options: Mapping[str, Any] | None = None
    """Pillow's options for writing. None: the format is only read."""
    has_alpha: bool = True
    """False: a transparent picture is placed on white."""
    lossless: bool = True
    """False: a written file holds almost, but not exactly, the same pixels."""
    longest_side: int = 0
    """Maximum length of a side in a written file, in pixels. 0: no limit."""

    @property
    def pillow_name(self) -> str:
        return self.label.upper()


PNG = PictureFormat("PNG", (".png",), "image/png", save_options={"compress_level": 6})
FORMATS = (
    PNG,
    PictureFormat(
        "JPEG",
        (".jpg", ".jpeg"),
        "image/jpeg",
        save_options={"quality": 95, "subsampling": "4:4:4"},
        has_alpha=False,
        lossless=False,
        longest_side=65_500,
    ),
    PictureFormat(
        "WebP",
        (".webp",),
        "image/webp",
        save_options={"lossless": True, "exact": True},
        longest_side=16_383,
    ),
    PictureFormat("TIFF", (".tif", ".tiff")),
    PictureFormat("PSD", (".psd",)),
    PictureFormat("BMP", (".bmp",)),
)

READ_SUFFIXES = tuple(suffix for one in FORMATS for suffix in one.suffixes)
WRITTEN = tuple(one for one in FORMATS if one.save_options is not None)
WRITTEN_SUFFIXES = tuple(suffix for one in WRITTEN for suffix in one.suffixes)
UPLOADED = {one.content_type: one for one in FORMATS if one.content_type}


def format_of(suffix: str) -> PictureFormat | None:
    """The format for a file extension such as ".jpg", in any case; None if it is unknown."""
    return next((one for one in FORMATS if suffix.lower() in one.suffixes), None)


def labels(formats: tuple[PictureFormat, ...] = FORMATS, last: str = "or") -> str:
    """The formats' names as a list for a sentence: “PNG, JPEG or WebP”."""
    *others, final = (one.label for one in formats)
    return f"{', '.join(others)} {last} {final}" if others else final
