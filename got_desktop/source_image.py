"""The picture to edit: read from its file and prepared for upload to the engine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.api.formats import UPLOADED
from got_desktop.progress import Progress
from got_desktop.requests import PlanRequest, RenderRequest

if TYPE_CHECKING:
    from engine.imaging.decode import Source


def read(request: PlanRequest, progress: Progress) -> Source | None:
    """Reads the picture. Raises ImageError, and OutputError if the output format cannot store its size."""
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
    """(bytes, content type) for the upload: the file itself, or a PNG if the engine does not accept its format."""
    from PIL import Image

    from engine.imaging.save import encode

    with Image.open(path) as image:
        kind = image.format
    for content_type, accepted in UPLOADED.items():
        if kind == accepted.pillow_name:
            return path.read_bytes(), content_type
    return encode(source.image, ".png", source), "image/png"
