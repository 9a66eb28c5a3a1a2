"""The files that a request writes: checked before the work starts, then encoded and written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.api.formats import OPENRASTER, PNG
from engine.api.notes import Note
from got_desktop.requests import PlanRequest

if TYPE_CHECKING:
    from PIL import Image

    from engine.imaging.composite import Layer
    from engine.imaging.decode import Source


def check(request: PlanRequest) -> None:
    """Raises OutputError for a file that cannot be written, before any work is done."""
    from engine.imaging.save import check_writable

    for path in request.outputs():
        if path == request.chain_output:
            check_writable(path, request.force, ())
        elif path == request.boxes_overlay:
            check_writable(path, request.force, (".png",))
        else:
            check_writable(path, request.force)


def decode_result(data: bytes) -> Image.Image:
    """Decodes a picture from the engine."""
    from engine.imaging.decode import decode

    return decode(data, Note.of("picture", "The engine's picture"), (PNG,), min_side=1).image


def layer(name: str, rgba: bytes, mask: bytes) -> Layer:
    """Builds a layer from the engine's PNGs for one edit: the picture and its mask."""
    from engine.imaging.composite import Layer

    return Layer(name, decode_result(rgba).convert("RGB"), decode_result(mask).convert("L"))


def layer_name(instruction: str, turn: int) -> str:
    """The name of a turn's layer."""
    from engine.imaging.composite import layer_name

    return layer_name(instruction) + (f" ({turn + 1})" if turn else "")


def encode_result(
    output: Path, source: Source | None, result: Image.Image, layers: list[Layer], facts: dict[str, Any] | None
) -> bytes:
    """The encoded output: OpenRaster contains source and layers, the other formats only the result."""
    from engine.imaging.openraster import write_openraster
    from engine.imaging.save import encode

    suffix = output.suffix.lower()
    if suffix == OPENRASTER:
        return write_openraster(source.image if source else result, layers, result, source, facts)
    return encode(result, suffix, source, facts)


def write(files: Mapping[str, tuple[Path, bytes]], force: bool) -> dict[str, Path]:
    """Writes all files or none. Raises OutputError."""
    from engine.imaging.save import write_files

    write_files(dict(files.values()), force)
    return {what: path for what, (path, _) in files.items()}
