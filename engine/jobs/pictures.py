"""Uploaded pictures, stored under the SHA-256 of their bytes."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from engine.api.errors import NotFound
from engine.api.files import replace_file
from engine.api.formats import UPLOADED
from engine.api.notes import Note
from engine.api.protocol import ImageInfo
from engine.imaging.decode import Source, decode

_FORMATS = tuple(UPLOADED.values())


class Pictures:
    """A folder of pictures; unused ones are removed after a while."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, data: bytes) -> ImageInfo:
        """Stores a picture. Raises ImageError if it is not a picture, and OSError if it cannot be written."""
        source = decode(data, Note.of("picture", "The picture"), _FORMATS)
        id = hashlib.sha256(data).hexdigest()
        path = self.folder / id
        if path.exists():
            os.utime(path)
        else:
            replace_file(path, data)
        notes = tuple(note.text for note in source.notes)
        return ImageInfo(id, *source.image.size, notes, source.notes)

    def read(self, id: str) -> Source:
        """The decoded picture. Raises NotFound."""
        self.check(id)
        path = self.folder / id
        os.utime(path)
        return decode(path.read_bytes(), Note.of("picture", "The picture"), _FORMATS)

    def check(self, id: str) -> None:
        """Raises NotFound if there is no such picture."""
        if not (self.folder / id).exists():
            raise NotFound("image_unknown", "The picture is not available, or no longer available.", "Upload it again.")

    def remove(self, id: str) -> int:
        """Removes a picture. Returns the number of bytes freed."""
        path = self.folder / id
        size = path.stat().st_size
        path.unlink()
        return size

    def by_age(self) -> list[tuple[float, int, str]]:
        """(time of last use, bytes, id), the oldest first. Partly written files are removed."""
        entries = []
        for path in self.folder.iterdir():
            if path.name.startswith("."):
                path.unlink(missing_ok=True)
                continue
            status = path.stat()
            entries.append((status.st_mtime, status.st_size, path.name))
        return sorted(entries)
