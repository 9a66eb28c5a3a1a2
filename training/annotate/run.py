"""Writes the training folder: a row and the pictures of each pair, and a report of the findings.

Existing rows are left unchanged, including corrections, so running the same command again resumes a stopped run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from training.annotate.pairs import Annotation, Mapper
from training.data.check import Checked, Tally, checked, find_data
from training.data.manifest import MANIFEST, PICTURES, read_manifest
from training.data.pair import Finding, identifier
from training.data.report import Page, json_report, text_report


def annotate(data: Path, output: Path, mapper: Mapper) -> Tally:
    """Writes the folder and returns the tally of pairs and findings. Raises EngineError if `data` cannot be read."""
    (output / PICTURES).mkdir(parents=True, exist_ok=True)
    rows = read_manifest(output)
    tally, page = Tally(), Page()
    pairs = new_pairs(with_relative_names(checked(find_data(data), tally), data), rows, page)
    with open(output / MANIFEST, "a", encoding="utf-8") as manifest:
        for item, result in mapper(pairs):
            if isinstance(result, Finding):
                tally.findings.append(result)
                tally.pairs -= 1
                continue
            tally.findings += result.findings
            row = _write_pair(item, result, output)
            page.add(item, row["instruction"], row["chain"])
            manifest.write(json.dumps(row, ensure_ascii=False) + "\n")
            manifest.flush()
            os.fsync(manifest.fileno())
    (output / "report.txt").write_text(text_report(tally), encoding="utf-8")
    (output / "report.json").write_text(json_report(tally), encoding="utf-8")
    page.write(output / "report.html", tally)
    return tally


def new_pairs(pairs: Iterator[Checked], rows: dict[str, dict[str, Any]], page: Page) -> Iterator[Checked]:
    """Yields the pairs that have no row yet; the others are only added to the page, with the texts of their rows."""
    for item in pairs:
        row = rows.get(item.pair.name)
        if row is None:
            yield item
        else:
            page.add(item, row["instruction"], row["chain"])


def _write_pair(item: Checked, annotation: Annotation, output: Path) -> dict[str, Any]:
    """Writes a pair's pictures as PNG and returns its row."""
    name = identifier(item.pair.name)
    row: dict[str, Any] = {"name": item.pair.name, "instruction": annotation.instruction, "chain": annotation.chain}
    for side, image in (("source", item.source), ("target", item.target)):
        if image:
            row[f"{side}_file_name"] = f"{PICTURES}/{name}-{side}.png"
            image.save(output / row[f"{side}_file_name"], "PNG")
    return row


def with_relative_names(pairs: Iterator[Checked], folder: Path) -> Iterator[Checked]:
    """Yields the pairs with names relative to `folder`, so that moving the data does not change them."""
    for item in pairs:
        yield replace(item, pair=replace(item.pair, name=item.pair.name.replace(str(folder), ".")))
