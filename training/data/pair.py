"""A pair of pictures before and after an edit, and findings about unusable ones."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

MOST_PIXELS = 100_000_000
"""Larger pictures are rejected before decoding: a few bytes can declare billions of pixels."""


@dataclass(frozen=True)
class Picture:
    """A picture in a file or, from a table, in memory; `name` identifies it in the report."""

    name: str
    path: Path | None = None
    data: bytes = b""

    def bytes(self) -> bytes:
        return self.path.read_bytes() if self.path else self.data

    def open(self) -> Image.Image:
        """Returns the picture as RGB, transparent parts on white.

        Raises OSError or ValueError if the data is not a picture, or is too large.
        """
        image = Image.open(io.BytesIO(self.bytes()))
        if image.width * image.height > MOST_PIXELS:
            raise ValueError(f"it has {image.width}×{image.height} pixels")
        if image.has_transparency_data:
            image = image.convert("RGBA")
            white = Image.new("RGBA", image.size, "white")
            image = Image.alpha_composite(white, image)
        return image.convert("RGB")


@dataclass(frozen=True)
class Pair:
    """An edit; without a source, a picture and its caption."""

    name: str
    """Where the pair comes from, in readable form; unique in its data set."""
    target: Picture
    source: Picture | None = None
    instruction: str = ""
    """Empty if the data has none."""
    chain: str = ""
    """GoT chain; empty if the data has none."""
    source_caption: str = ""
    target_caption: str = ""


@dataclass(frozen=True)
class Finding:
    """Why a part of the data is not used, or needs attention."""

    kind: str
    """One of `KINDS`."""
    where: str
    """The file, and the row in it."""
    message: str = ""


KINDS = {
    "orphan": "picture without its counterpart",
    "unreadable": "file that cannot be read",
    "missing_field": "row without a field that it needs",
    "wrong_size": "before and after of different shapes",
    "broken_chain": "chain with a broken part",
    "box_out_of_range": "box that extends beyond the picture",
    "no_instruction": "pair without an instruction",
    "duplicate": "duplicate pair",
    "not_understood": "pair for which the model's answer was unusable; a text without it was used",
    "unchanged": "before and after are the same",
}

PairStream = Iterator[Pair | Finding]
"""The result of an importer: the pairs, and findings about everything else, in order."""


def identifier(text: str) -> str:
    """Returns a short file name for `text`; a hash makes it unique."""
    words = re.sub(r"[^a-zA-Z0-9]+", "-", text).strip("-")[-40:]
    return f"{words}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
