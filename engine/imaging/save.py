"""Saves results: encoded in memory, then written completely or not at all. Files are overwritten only on request."""

from __future__ import annotations

import io
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image, PngImagePlugin

from engine.api.errors import OutputError
from engine.api.files import write_file
from engine.api.formats import OPENRASTER, PNG, WRITTEN_SUFFIXES, format_of
from engine.imaging.decode import Source, on_white

SUFFIXES = (*WRITTEN_SUFFIXES, OPENRASTER)
FACTS_KEY = "GoT"
"""Keyword of the PNG text chunk that holds an edit's metadata as JSON."""
Facts = dict[str, Any]


def check_writable(path: Path, overwrite: bool, suffixes: tuple[str, ...] = SUFFIXES) -> None:
    """Raises OutputError if `path` could not be written later, so that no work is wasted."""
    if suffixes and path.suffix.lower() not in suffixes:
        raise OutputError(
            "output_format",
            "{path} cannot be written: its extension is not supported.",
            "Use {others} or {last}." if suffixes[1:] else "Use {last}.",
            path=path,
            others=", ".join(suffixes[:-1]),
            last=suffixes[-1],
        )
    with _as_output_error(path):
        if path.is_dir():
            raise OutputError("output_is_folder", "{path} is a folder.", "Choose a file name in it.", path=path)
        if path.exists() and not path.is_file():
            raise OutputError("output_not_a_file", "{path} is not a regular file.", "Choose another name.", path=path)
        if path.exists() and not overwrite:
            raise _exists(path)
        if not path.parent.is_dir():
            raise OutputError(
                "output_no_folder", "There is no folder {folder}.", "Create it first.", folder=path.parent
            )
        trial = _beside(path)
        write_file(trial, b"")
        trial.unlink()


def write_files(contents: Mapping[Path, bytes], overwrite: bool) -> None:
    """Writes all files, or none if one of them cannot be written. Raises OutputError.

    Each file is written next to its destination, flushed to disk and then moved there in one step.
    """
    pending: dict[Path, Path] = {}  # temporary file -> destination
    reserved: list[Path] = []
    try:
        for path, data in contents.items():
            with _as_output_error(path):
                temporary = _beside(path)
                pending[temporary] = path.resolve()
                write_file(temporary, data)
        for path in () if overwrite else contents:
            with _as_output_error(path):
                path.open("xb").close()  # reserves the name, unless another process was faster
                reserved.append(path.resolve())
        for temporary, target in pending.items():
            with _as_output_error(target):
                os.replace(temporary, target)
                reserved = [path for path in reserved if path != target]
    finally:
        for leftover in (*pending, *reserved):
            leftover.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    target = path.resolve()  # of a link, the file is replaced, not the link
    return target.with_name(f".{target.name[:80]}.{secrets.token_hex(4)}.tmp")


@contextmanager
def _as_output_error(path: Path) -> Iterator[None]:
    """Converts the disk's errors to an OutputError that names `path`."""
    try:
        yield
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(
            "output_unwritable",
            "{path} cannot be written: {reason}.",
            "Choose another place.",
            path=path,
            reason=reason,
        ) from error


def _exists(path: Path) -> OutputError:
    return OutputError(
        "output_exists", "{path} already exists.", "Add --force to replace it, or choose another name.", path=path
    )


def check_size(path: Path, size: tuple[int, int]) -> None:
    """Raises OutputError if the format of `path` cannot hold a picture of `size` (width, height)."""
    picture_format = format_of(path.suffix)
    limit = picture_format.longest_side if picture_format else 0
    if limit and max(size) > limit:
        raise OutputError(
            "output_size",
            "{path} cannot store {width}×{height} pixels (at most {limit} on each side).",
            "Save a PNG instead.",
            path=path,
            width=size[0],
            height=size[1],
            limit=limit,
        )


def encode(
    image: Image.Image,
    suffix: str,
    source: Source | None = None,
    facts: Facts | None = None,
    compress_level: int | None = None,
) -> bytes:
    """Encodes an RGB or RGBA picture; EXIF data, color profile and resolution are taken from `source`.

    PNG and WebP are lossless. JPEG has no transparency, so the picture is put on white. `facts` are stored in PNG only.
    `compress_level`, 0 to 9, also applies to PNG only: higher is slower and smaller. Raises OutputError if the format
    cannot hold the picture or its metadata.
    """
    picture_format = format_of(suffix)
    assert picture_format is not None and picture_format.save_options is not None  # suffixes are checked beforehand
    metadata: dict[str, Any] = {}
    if source is not None:
        metadata = {"exif": source.exif, "icc_profile": source.icc_profile, "dpi": source.dpi}
        metadata = {name: value for name, value in metadata.items() if value}
    options = {**picture_format.save_options, **metadata}
    if picture_format is PNG:
        options["pnginfo"] = _text(facts)
        if compress_level is not None:
            options["compress_level"] = compress_level
    buffer = io.BytesIO()
    try:
        (image if picture_format.has_alpha else on_white(image)).save(buffer, picture_format.pillow_name, **options)
    except (OSError, ValueError) as error:
        raise OutputError(
            "output_encode",
            "The {suffix} file could not be created: {error}.",
            "Save a PNG instead.",
            suffix=suffix,
            error=error,
        ) from error
    return buffer.getvalue()


def _text(facts: Facts | None) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    if facts is not None:
        info.add_itxt(FACTS_KEY, json.dumps(facts, ensure_ascii=False))
    return info


def read_facts(png: bytes) -> Facts | None:
    """The metadata of the edit that created a PNG; None if there is none."""
    with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
        image.load()
        text = image.info.get(FACTS_KEY)
    return None if text is None else json.loads(text)
