"""Reads pairs from files: one folder with name suffixes, two folders, or a metadata table that names the files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.api.formats import READ_SUFFIXES
from training.data.pair import Finding, Pair, PairStream, Picture
from training.data.rows import rows_of

WORDS = (("before", "after"), ("source", "target"), ("input", "output"), ("original", "edited"), ("control", "target"))
"""Folder names and file name suffixes of the pictures before and after an edit."""

_TABLES = ("instructions.csv", "instructions.jsonl", "instructions.json")
_SOURCE = tuple(f"{word}_file_name" for word, _ in WORDS) + tuple(word for word, _ in WORDS) + ("source_image",)
_TARGET = (
    *(f"{word}_file_name" for _, word in WORDS),
    *(word for _, word in WORDS),
    "target_image",
    "edited_image",
    "file_name",
)
_INSTRUCTION = ("instruction", "edit_prompt", "prompt", "caption", "text")


def two_folders(folder: Path) -> tuple[Path, Path] | None:
    """Returns the (before, after) folders in `folder`, or None."""
    options = ((folder / before, folder / after) for before, after in WORDS)
    return next((pair for pair in options if pair[0].is_dir() and pair[1].is_dir()), None)


def read_two_folders(folder: Path) -> PairStream:
    """Reads pairs of pictures with the same stem from two folders."""
    folders = two_folders(folder)
    assert folders
    before, after = ({path.stem: path for path in _pictures(side)} for side in folders)
    yield from _pair_up(folder, before, after)


def read_suffixes(folder: Path) -> PairStream:
    """Reads pairs such as NAME-before.png and NAME-after.png; a hyphen or underscore precedes one of `WORDS`."""
    before: dict[str, Path] = {}
    after: dict[str, Path] = {}
    for path in _pictures(folder):
        side, stem = _side(path.stem)
        if side is None:
            yield Finding("orphan", str(path), "its name ends with neither “before” nor “after”")
        else:
            (before, after)[side][stem] = path
    yield from _pair_up(folder, before, after)


def has_suffixes(folder: Path) -> bool:
    return any(_side(path.stem)[0] is not None for path in _pictures(folder))


def read_metadata(path: Path) -> PairStream:
    """Reads a table of file names as in Hugging Face's imagefolder (`metadata.jsonl`, `metadata.csv`)."""
    for where, row in rows_of(path):
        yield row if isinstance(row, Finding) else _row_pair(row, path.parent, where)


def read_seed_edit(path: Path) -> PairStream:
    """Reads SEED-Data-Edit's turns: `source_image`, then `instruction_N` and `edit_image_N` for N = 1, 2, …

    Each turn becomes a pair; its source is the previous turn's picture.
    """
    for where, row in rows_of(path):
        if isinstance(row, Finding):
            yield row
            continue
        source, number = row.get("source_image"), 1
        if not source or "edit_image_1" not in row:
            yield Finding("missing_field", where, "“source_image” or “edit_image_1” is missing")
            continue
        while target := row.get(f"edit_image_{number}"):
            pair = {"source": source, "target": target, "instruction": row.get(f"instruction_{number}", "")}
            yield _row_pair(pair, path.parent, f"{where} turn {number}")
            source, number = target, number + 1


def _row_pair(row: dict[str, Any], folder: Path, where: str) -> Pair | Finding:
    target, source = _first(row, _TARGET), _first(row, _SOURCE)
    if not target:
        return Finding("missing_field", where, f"it names no picture; its fields are {', '.join(row)}")
    pictures: list[Picture | None] = []
    for name in (source, target):
        path = folder / name
        if name and not path.is_file():
            return Finding("unreadable", where, f"{path} is missing")
        pictures.append(Picture(str(path), path) if name else None)
    return Pair(
        where, pictures[1], pictures[0], _first(row, _INSTRUCTION), row.get("chain") or "",
        row.get("source_caption") or "", row.get("target_caption") or "",
    )  # fmt: skip


def _first(row: dict[str, Any], names: tuple[str, ...]) -> str:
    return next((row[name] for name in names if isinstance(row.get(name), str) and row[name]), "")


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in READ_SUFFIXES)


def _side(stem: str) -> tuple[int | None, str]:
    """Returns (0 for before, 1 for after or None for neither; the name without the suffix)."""
    for words in WORDS:
        for side, word in enumerate(words):
            for mark in "-_":
                if stem.lower().endswith(mark + word):
                    return side, stem[: -len(word) - 1]
    return None, stem


def _pair_up(folder: Path, before: dict[str, Path], after: dict[str, Path]) -> PairStream:
    """Yields a pair for each stem that is in both tables, and a finding for each of the others."""
    texts, problems = _table(folder)
    yield from problems
    for stem in sorted(before.keys() | after.keys()):
        if stem not in before or stem not in after:
            path = before.get(stem) or after[stem]
            yield Finding("orphan", str(path), f"its other half, “{stem}”, is missing")
            continue
        try:
            text = texts.get(stem) or _text_file(folder, stem, before[stem], after[stem])
        except (OSError, ValueError) as error:
            yield Finding("unreadable", f"{folder / stem}", f"its instruction cannot be read: {error}")
            continue
        source, target = (Picture(str(path), path) for path in (before[stem], after[stem]))
        name = str(folder / stem)
        yield Pair(name, target, source, _first(text, _INSTRUCTION).strip(), str(text.get("chain") or ""))


def _table(folder: Path) -> tuple[dict[str, dict[str, Any]], list[Finding]]:
    """Returns the rows of the instructions table by stem, and findings for the rows that cannot be used."""
    rows: dict[str, dict[str, Any]] = {}
    problems = []
    for where, row in _table_rows(folder):
        if isinstance(row, Finding):
            problems.append(row)
        elif name := _first(row, ("name", "file_name", "stem")):
            rows[_side(Path(name).stem)[1]] = row
        else:
            problems.append(Finding("missing_field", where, "“name” is missing"))
    return rows, problems


def _table_rows(folder: Path) -> Iterator[tuple[str, dict[str, Any] | Finding]]:
    for name in _TABLES:
        if (folder / name).is_file():
            yield from rows_of(folder / name)


def _text_file(folder: Path, stem: str, before: Path, after: Path) -> dict[str, Any]:
    """Returns the fields of NAME.json or NAME.txt in `folder` or next to one of the pictures; {} if there is none."""
    for place in dict.fromkeys((folder, after.parent, before.parent)):
        for name in dict.fromkeys((stem, after.stem, before.stem)):
            if (path := place / f"{name}.json").is_file():
                data = json.loads(path.read_text(encoding="utf-8"))
                if not isinstance(data, dict):
                    raise ValueError("it is no JSON object")
                return data
            if (path := place / f"{name}.txt").is_file():
                return {"instruction": path.read_text(encoding="utf-8")}
    return {}
