"""The uploaded pictures, each under the hash of its bytes."""

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
    """A folder of pictures, which go when nobody has used them for a while."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def add(self, data: bytes) -> ImageInfo:
        """Keeps a picture. Raises ImageError for what is none, OSError where the disk does not take it."""
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
        """The picture, decoded. Raises NotFound."""
        self.check(id)
        path = self.folder / id
        os.utime(path)
        return decode(path.read_bytes(), Note.of("picture", "The picture"), _FORMATS)

    def check(self, id: str) -> None:
        """Raises NotFound where there is no such picture."""
        if not (self.folder / id).exists():
            raise NotFound("image_unknown", "The picture is not available, or no longer available.", "Upload it again.")

    def remove(self, id: str) -> int:
        """Forgets a picture; gives the bytes that this frees."""
        path = self.folder / id
        size = path.stat().st_size
        path.unlink()
        return size

    def by_age(self) -> list[tuple[float, int, str]]:
        """(when it was last used, bytes, id), the oldest first; what was half written is removed."""
        found = []
        for path in self.folder.iterdir():
            if path.name.startswith("."):
                path.unlink(missing_ok=True)
                continue
            status = path.stat()
            found.append((status.st_mtime, status.st_size, path.name))
        return sorted(found)
