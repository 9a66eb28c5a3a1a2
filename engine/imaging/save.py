"""Writes results: encoded in memory, then put in place whole or not at all, never over a file unless told to."""

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
"""Keyword of the PNG text chunk that holds an edit's facts as JSON."""
Facts = dict[str, Any]


def check_writable(path: Path, overwrite: bool, suffixes: tuple[str, ...] = SUFFIXES) -> None:
    """Raises OutputError when `path` could not be written later, so that no work is done in vain."""
    if suffixes and path.suffix.lower() not in suffixes:
        raise OutputError(
            "output_format",
            "{path} cannot be written: its extension does not stand for a picture format.",
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
    """Writes all files, or none when one of them cannot be written. Raises OutputError.

    Each is written beside its place, flushed to disk and then moved there in one step.
    """
    waiting: dict[Path, Path] = {}  # temporary file -> where it belongs
    taken: list[Path] = []
    try:
        for path, data in contents.items():
            with _as_output_error(path):
                temporary = _beside(path)
                waiting[temporary] = path.resolve()
                write_file(temporary, data)
        for path in () if overwrite else contents:
            with _as_output_error(path):
                path.open("xb").close()  # takes the name, unless someone was faster
                taken.append(path.resolve())
        for temporary, target in waiting.items():
            with _as_output_error(target):
                os.replace(temporary, target)
                taken = [path for path in taken if path != target]
    finally:
        for leftover in (*waiting, *taken):
            leftover.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    target = path.resolve()  # behind a link it is the file that is replaced, not the link
    return target.with_name(f".{target.name[:80]}.{secrets.token_hex(4)}.tmp")


@contextmanager
def _as_output_error(path: Path) -> Iterator[None]:
    """What the disk refuses, as an OutputError that names `path`."""
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
    """Raises OutputError when the format of `path` cannot hold a picture of `size` (width, height)."""
    known = format_of(path.suffix)
    limit = known.longest_side if known else 0
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
    """Encodes RGB or RGBA in a format that is written; EXIF data, color profile and resolution come from `source`.

    PNG and WebP keep every pixel to the bit. JPEG has no transparency: it is laid on white. `facts` go into PNG only;
    `compress_level`, 0 to 9, is PNG's too: the larger, the slower and smaller.
    Raises OutputError when the format cannot hold what the picture carries.
    """
    known = format_of(suffix)
    assert known is not None and known.save_options is not None  # endings are checked before the work
    kept: dict[str, Any] = {}
    if source is not None:
        kept = {"exif": source.exif, "icc_profile": source.icc_profile, "dpi": source.dpi}
        kept = {name: value for name, value in kept.items() if value}
    options = {**known.save_options, **kept}
    if known is PNG:
        options["pnginfo"] = _text(facts)
        if compress_level is not None:
            options["compress_level"] = compress_level
    buffer = io.BytesIO()
    try:
        (image if known.has_alpha else on_white(image)).save(buffer, known.pillow_name, **options)
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
    """The facts of the edit that made a PNG, or None where it holds none."""
    with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
        image.load()
        text = image.info.get(FACTS_KEY)
    return None if text is None else json.loads(text)
