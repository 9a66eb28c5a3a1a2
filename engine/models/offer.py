"""The hub's offer of a released model: the files of one revision with sizes and hashes, and their license terms."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from engine.api.errors import ModelError
from engine.models import hub
from engine.models.released import Source

OFFER = "offer.json"
_TERMS = re.compile(r"(?i)licen[sc]e[^/]*|readme\.md")
_TERMS_BYTES = 400_000
_PLAIN = re.compile(r"[\w.+-]+(/[\w.+-]+)*")


@dataclass(frozen=True)
class File:
    path: str
    """Relative, with slashes."""
    size: int
    digest: str
    """"sha256:…" of the bytes, or "git:…", git's blob id, for a small file."""


@dataclass(frozen=True)
class Part:
    """The files of one repository."""

    repository: str
    revision: str
    """The commit; later changes are not mixed in."""
    folder: str
    license: str
    """Short name, as stated by the repository."""
    terms: str
    """Full text of the license, or the README if there is none."""
    files: tuple[File, ...]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    def url(self, endpoint: str, path: str) -> str:
        return f"{endpoint}/{self.repository}/resolve/{self.revision}/{quote(path)}"


@dataclass(frozen=True)
class Offer:
    endpoint: str
    parts: tuple[Part, ...]

    @property
    def size(self) -> int:
        """Total size in bytes."""
        return sum(part.size for part in self.parts)

    def files(self) -> Iterator[tuple[Part, File]]:
        for part in self.parts:
            for file in part.files:
                yield part, file

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Offer:
        parts = [{**part, "files": tuple(File(**file) for file in part["files"])} for part in value["parts"]]
        return cls(value["endpoint"], tuple(Part(**part) for part in parts))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def begun(folder: Path) -> Offer | None:
    """The offer of a download that was started in this folder; None if there is none or it cannot be read."""
    try:
        return Offer.from_json(json.loads((folder / OFFER).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def look_up(sources: tuple[Source, ...], endpoint: str) -> Offer:
    """Gets the offer from the hub. Raises ModelError if the hub does not answer, or if a file has no hash."""
    return Offer(endpoint, tuple(_part(source, endpoint) for source in sources))


def _part(source: Source, endpoint: str) -> Part:
    url = f"{endpoint}/api/models/{source.repository}/revision/main?blobs=true"
    try:
        reply = json.loads(hub.read(url))
        items = {str(item["rfilename"]): item for item in reply["siblings"]}
        names = [name for name in items if any(fnmatch(name, pattern) for pattern in source.patterns)]
        part = Part(
            source.repository,
            str(reply["sha"]),
            source.folder,
            str(
                (reply.get("cardData") or {}).get("license_name") or (reply.get("cardData") or {}).get("license") or ""
            ),
            "",
            tuple(_file(name, items[name]) for name in sorted(names)),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise hub.wrong(url, "the list of its files cannot be read") from error
    if not part.files:
        raise hub.wrong(url, "it has none of the files that an import reads")
    terms = sorted((name for name in items if _TERMS.fullmatch(name)), key=lambda name: (name[0] in "rR", name))
    text = hub.read(part.url(endpoint, terms[0]), _TERMS_BYTES).decode(errors="replace") if terms else ""
    return Part(**{**vars(part), "terms": _without_front_matter(text)})


def _file(name: str, item: dict[str, Any]) -> File:
    """Raises ModelError for a name that leaves the folder."""
    if not _PLAIN.fullmatch(name) or ".." in PurePosixPath(name).parts:
        raise ModelError(
            "download_refused",
            "The hub lists a file with an unsafe name: {name!r}.",
            "Do not use this source.",
            name=name,
        )
    large = item.get("lfs")
    digest = f"sha256:{large['sha256']}" if large else f"git:{item['blobId']}"
    return File(name, int(item["size"]), digest)


def _without_front_matter(text: str) -> str:
    return re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL).strip()
