"""The picture to edit: read from its file, and in the form that the engine takes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.api.formats import UPLOADED
from got_desktop.progress import Progress
from got_desktop.requests import PlanRequest, RenderRequest

if TYPE_CHECKING:
    from engine.imaging.decode import Source


def read(request: PlanRequest, progress: Progress) -> Source | None:
    """The picture to edit. Raises ImageError, and OutputError where the output's format cannot hold its size."""
    from engine.imaging.decode import read_image
    from engine.imaging.save import check_size

    if request.source is None:
        return None
    source = read_image(request.source)
    for note in source.notes:
        progress.note(f"{request.source}: {note}")
    if isinstance(request, RenderRequest):
        check_size(request.output, source.image.size)
    return source


def upload_form(path: Path, source: Source) -> tuple[bytes, str]:
    """(bytes, content type) of the picture for the engine: the file itself, or a PNG where it is of another kind."""
    from PIL import Image

    from engine.imaging.save import encode

    with Image.open(path) as opened:
        kind = opened.format
    for content_type, known in UPLOADED.items():
        if kind == known.pillow_name:
            return path.read_bytes(), content_type
    return encode(source.image, ".png", source), "image/png"
