"""Reads pairs from Parquet: InstructPix2Pix, MagicBrush, UltraEdit, OmniEdit, OmniEdit-GoT and FLUX-Reason-6M.

Tables are read a few rows at a time, so they need not fit into memory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.api.chain import LIMIT, Box, format_box
from engine.api.errors import RequestError
from training.data.pair import Finding, Pair, PairStream, Picture
from training.data.rows import rows_of

_ROWS = 16


@dataclass(frozen=True)
class Fields:
    """The columns of a published data set. A cell of an `instruction` column contains a text or a list of texts."""

    target: str
    instruction: tuple[str, ...]
    source: str = ""
    source_caption: str = ""
    target_caption: str = ""
    id: str = ""


SETS = {
    "OmniEdit": Fields("edited_img", ("edited_prompt_list",), "src_img", id="omni_edit_id"),
    "MagicBrush": Fields("target_img", ("instruction",), "source_img"),
    "UltraEdit": Fields("edited_image", ("edit_prompt",), "source_image", "source_caption", "target_caption"),
    "InstructPix2Pix": Fields("edited_image", ("edit_prompt",), "original_image", "original_prompt", "edited_prompt"),
    "InstructPix2Pix (input_image)": Fields("edited_image", ("edit_prompt",), "input_image"),
    "FLUX-Reason-6M": Fields("image", ("caption_original", "caption_detail")),
}
"""By name, the most specific set first."""


def fields_of(columns: list[str]) -> Fields | None:
    """Returns the fields of the first published set that fits these columns, or None."""
    for fields in SETS.values():
        pictures = {fields.target, fields.source} - {""}
        if pictures <= set(columns) and any(name in columns for name in fields.instruction):
            return fields
    return None


def parquet_files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.parquet")) if path.is_dir() else [path]


def read_parquet(path: Path) -> PairStream:
    """Reads the pairs of a Parquet file, or of all in a folder, and adds the chains of OmniEdit-GoT files."""
    files = parquet_files(path)
    chains, problems = _chains(path, files)
    yield from problems
    for file in files:
        for where, row in _rows(file):
            if "got" in row and "coord" in row:
                break  # a file of chains; `_chains` has read it
            fields = fields_of(list(row))
            if fields is None:
                yield Finding("missing_field", str(file), f"its columns are of no known set: {', '.join(row)}")
                break
            yield _pair(row, fields, where, chains)
    for name in chains:
        yield Finding("orphan", f"{path}: omni_edit_id {name}", "a chain whose pictures are missing")


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        raise RequestError(
            "parquet_unavailable", "Parquet needs pyarrow, which is not installed.", "pip install 'got-desktop[train]'"
        ) from error
    number = 0
    try:
        for batch in ParquetFile(path).iter_batches(_ROWS):
            for row in batch.to_pylist():
                number += 1
                yield f"{path}:{number}", row
    except (pyarrow.ArrowException, OSError) as error:
        raise RequestError(
            "parquet_broken", "{path} is not a complete Parquet file.", "Download it again.", path=path
        ) from error


def _pair(row: dict[str, Any], fields: Fields, where: str, chains: dict[str, str]) -> Pair | Finding:
    pictures = {name: _picture(row.get(name), f"{where} {name}") for name in (fields.source, fields.target) if name}
    for name, picture in pictures.items():
        if picture is None:
            return Finding("missing_field", where, f"“{name}” holds no picture")
    target = pictures[fields.target]
    assert target
    chain = chains.pop(str(row.get(fields.id)), "") if fields.id else ""
    texts = (row.get(fields.source_caption) or "", row.get(fields.target_caption) or "")
    return Pair(where, target, pictures.get(fields.source), _text(row, fields.instruction), chain, *texts)


def _picture(value: Any, name: str) -> Picture | None:  # noqa: ANN401 - a cell of a table
    """Returns the picture in a cell: bytes, or Hugging Face's {"bytes", "path"}. None if there is none."""
    data = value.get("bytes") if isinstance(value, dict) else value
    return Picture(name, data=data) if isinstance(data, bytes) and data else None


def _text(row: dict[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        value = row.get(name)
        text = next((v for v in value if v), "") if isinstance(value, list) else value
        if isinstance(text, str) and text.strip():
            return text.strip()
    return ""


def _chains(path: Path, files: list[Path]) -> tuple[dict[str, str], list[Finding]]:
    """Returns OmniEdit-GoT's chains by id, and findings about broken ones.

    They come from JSON or Parquet files with the fields `omni_edit_id`, `got` and `coord`.
    """
    chains: dict[str, str] = {}
    problems: list[Finding] = []
    folder = path if path.is_dir() else path.parent
    tables = [_chain_rows(file) for file in files]
    tables += [rows_of(file) for file in sorted([*folder.glob("*.jsonl"), *folder.glob("*.json")])]
    for table in tables:
        for where, row in table:
            if isinstance(row, Finding):
                problems.append(row)
            elif "got" in row:
                chain = with_boxes(row, where)
                if isinstance(chain, Finding):
                    problems.append(chain)
                else:
                    chains[str(row["omni_edit_id"])] = chain
    return chains, problems


def _chain_rows(file: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for where, row in _rows(file):
        if "got" not in row:
            return  # a file of pictures
        yield where, row


def with_boxes(row: dict[str, Any], where: str) -> str | Finding:
    """Returns OmniEdit-GoT's chain with its placeholders replaced by boxes, or a finding.

    `coord` is a JSON object from placeholder to coordinates, [x1, y1, x2, y2] or "(x1,y1),(x2,y2)", in [0, 1000].
    """
    if not row.get("omni_edit_id") or not isinstance(row.get("got"), str):
        return Finding("missing_field", where, "“omni_edit_id” or “got” is missing")
    try:
        places = json.loads(row.get("coord") or "{}")
        boxes = {key: [int(n) for n in _numbers(value)] for key, value in places.items()}
    except (ValueError, TypeError, AttributeError):
        return Finding("broken_chain", where, "“coord” is no JSON object of boxes")
    chain = row["got"]
    for key in sorted(boxes, key=len, reverse=True):  # so that <box1> does not match inside <box10>
        if len(boxes[key]) != 4:
            return Finding("broken_chain", where, f"“{key}” has not four coordinates")
        if key not in chain:
            return Finding("broken_chain", where, f"the chain lacks its placeholder “{key}”")
        corners = boxes[key]
        if not all(0 <= n <= LIMIT for n in corners):
            return Finding("box_out_of_range", where, f"“{key}” is {corners}")
        if corners[0] >= corners[2] or corners[1] >= corners[3]:
            return Finding("broken_chain", where, f"“{key}” is {corners}, which has no inside")
        chain = chain.replace(key, format_box(Box(*corners)))
    return chain


def _numbers(value: Any) -> list[Any]:  # noqa: ANN401 - a value of a JSON object
    return re.findall(r"-?\d+", value) if isinstance(value, str) else list(value)
