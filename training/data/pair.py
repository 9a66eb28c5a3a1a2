"""A pair of pictures before and after an edit, and what was wrong with one that is none."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

MOST_PIXELS = 100_000_000
"""A picture with more is refused unread: a few bytes can declare billions."""


@dataclass(frozen=True)
class Picture:
    """A picture in a file, or its bytes where it comes out of a table; `name` says which one, for the report."""

    name: str
    path: Path | None = None
    data: bytes = b""

    def bytes(self) -> bytes:
        return self.path.read_bytes() if self.path else self.data

    def open(self) -> Image.Image:
        """RGB, transparent parts on white. Raises OSError or ValueError for what is no picture or too large."""
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
    """One edit, or with no source one picture and its caption."""

    name: str
    """Unique in its set; where it came from, as a person would say it."""
    target: Picture
    source: Picture | None = None
    instruction: str = ""
    """Empty where none came with it."""
    chain: str = ""
    """GoT chain, empty where none came with it."""
    source_caption: str = ""
    target_caption: str = ""


@dataclass(frozen=True)
class Finding:
    """Why something that was found is not used, or used with care."""

    kind: str
    """One of `KINDS`."""
    where: str
    """File, and row in it."""
    message: str = ""


KINDS = {
    "orphan": "before without after, or after without before",
    "unreadable": "file that cannot be read",
    "missing_field": "row without a field that it needs",
    "wrong_size": "before and after of different shapes",
    "broken_chain": "chain with a broken part",
    "box_out_of_range": "box that reaches out of the picture",
    "no_instruction": "pair without an instruction",
    "duplicate": "pair that is there twice",
    "not_understood": "pair that the model's answer was of no use for: what is known without it stands there",
    "unchanged": "before and after that show no difference",
}

Found = Iterator[Pair | Finding]
"""What an importer gives: every pair, and every thing that is none, in order."""


def identifier(text: str) -> str:
    """A short name for files, that depends on all of `text`."""
    words = re.sub(r"[^a-zA-Z0-9]+", "-", text).strip("-")[-40:]
    return f"{words}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
