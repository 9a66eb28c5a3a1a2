"""Reads the rows of text tables: JSON lines, a JSON array or CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training.data.pair import Finding


def rows_of(path: Path) -> Iterator[tuple[str, dict[str, Any] | Finding]]:
    """Yields (FILE:LINE, row) from a JSONL, JSON or CSV file, with a Finding in place of a broken row."""
    if path.suffix.lower() == ".csv":
        yield from _csv_rows(path)
    elif path.suffix.lower() == ".json":
        rows = json.loads(path.read_text(encoding="utf-8"))
        for number, row in enumerate(rows if isinstance(rows, list) else [rows], 1):
            yield f"{path}:{number}", row if isinstance(row, dict) else _no_row(f"{path}:{number}")
    else:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield f"{path}:{number}", _json_row(line, f"{path}:{number}")


def _csv_rows(path: Path) -> Iterator[tuple[str, dict[str, Any] | Finding]]:
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            where = f"{path}:{number}"
            yield where, _no_row(where) if None in row or None in row.values() else dict(row)


def _json_row(line: str, where: str) -> dict[str, Any] | Finding:
    try:
        row = json.loads(line)
    except ValueError:
        return _no_row(where)
    return row if isinstance(row, dict) else _no_row(where)


def _no_row(where: str) -> Finding:
    return Finding("unreadable", where, "the row cannot be read")
