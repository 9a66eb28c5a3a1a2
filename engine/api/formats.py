"""The formats of pictures, each declared once: what is read, sent to the engine and written, and how.

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
    """One format of flat pictures."""

    label: str
    """What people call it; Pillow calls it the same in capitals."""
    suffixes: tuple[str, ...]
    """The first is the one to suggest."""
    content_type: str = ""
    """What a picture of this format is uploaded as. Empty: it is sent to the engine as a PNG."""
    save_options: Mapping[str, Any] | None = None
    """What Pillow is told when it writes one. None: the format is only read."""
    has_alpha: bool = True
    """False: a transparent picture is laid on white."""
    longest_side: int = 0
    """Pixels that a side may have where it is written. 0: any."""

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

READ_SUFFIXES = tuple(suffix for known in FORMATS for suffix in known.suffixes)
WRITTEN = tuple(known for known in FORMATS if known.save_options is not None)
WRITTEN_SUFFIXES = tuple(suffix for known in WRITTEN for suffix in known.suffixes)
UPLOADED = {known.content_type: known for known in FORMATS if known.content_type}


def format_of(suffix: str) -> PictureFormat | None:
    """The format of a file's ending such as ".jpg", whatever its case; None where there is none."""
    return next((known for known in FORMATS if suffix.lower() in known.suffixes), None)


def labels(formats: tuple[PictureFormat, ...] = FORMATS, last: str = "or") -> str:
    """Their names as a list in a sentence: “PNG, JPEG or WebP”."""
    *others, final = (known.label for known in formats)
    return f"{', '.join(others)} {last} {final}" if others else final
