"""A training folder from `got annotate`: the manifest, with one row per pair, and the pictures that it names."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from engine.api.chain import IM_GEN_START, Chain
from engine.api.errors import RequestError
from engine.api.files import replace_file

MANIFEST, PICTURES = "pairs.jsonl", "pictures"


@dataclass(frozen=True)
class Row:
    """A pair in the training folder."""

    name: str
    instruction: str
    chain: str
    source: Path | None
    target: Path

    def pictures(self) -> tuple[Image.Image | None, Image.Image]:
        source = Image.open(self.source).convert("RGB") if self.source else None
        return source, Image.open(self.target).convert("RGB")


def read_rows(folder: Path) -> list[Row]:
    """Returns the pairs of a training folder. Raises RequestError if there are none or one of them is broken."""
    if not (folder / MANIFEST).is_file():
        raise RequestError(
            "data_unknown",
            "{folder} has no {name}.",
            "Create it with `got annotate PAIRS -o {folder}`.",
            folder=folder,
            name=MANIFEST,
        )
    rows = []
    for row in read_manifest(folder).values():
        source = folder / row["source_file_name"] if "source_file_name" in row else None
        rows.append(Row(row["name"], row["instruction"], row["chain"], source, folder / row["target_file_name"]))
        _check(rows[-1], folder)
    if not rows:
        raise RequestError("data_empty", "{folder} contains no pairs.", "See its report.txt.", folder=folder)
    return rows


def _check(row: Row, folder: Path) -> None:
    chain = Chain.parse(row.chain)
    problems = [p.message for p in chain.problems if p.code != "no_color"]
    if len(chain.turns) != 1 or not chain.text.endswith(IM_GEN_START):
        problems.append(f"it must end with {IM_GEN_START}, once")
    if problems:
        raise RequestError(
            "data_broken",
            "{path}: the chain of “{name}”: {problem}",
            "Correct it there.",
            path=folder / MANIFEST,
            name=row.name,
            problem=problems[0],
        )
    for path in (row.source, row.target):
        if path and not path.is_file():
            raise RequestError("data_broken", "{path} is missing.", "Run `got annotate` again.", path=path)


def read_manifest(folder: Path) -> dict[str, dict[str, Any]]:
    """Returns the manifest's rows by the pair's name. Removes an incomplete last line from the file."""
    path = folder / MANIFEST
    if not path.exists():
        return {}
    lines, _, fragment = path.read_bytes().rpartition(b"\n")
    if fragment:
        replace_file(path, lines + b"\n" if lines else b"")
    rows = [json.loads(line) for line in lines.splitlines()]
    return {row["name"]: row for row in rows}
