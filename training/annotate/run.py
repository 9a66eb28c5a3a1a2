"""The folder to train from: a row and the pictures of every pair, and a report of what was found.

A row that is there already is kept as it is, corrections included, so that the same command goes on where it stopped.
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
    """Writes the folder; gives what was found. Raises EngineError for data that is none."""
    (output / PICTURES).mkdir(parents=True, exist_ok=True)
    rows = read_manifest(output)
    tally, page = Tally(), Page()
    found = list_new(named_relative(checked(find_data(data), tally), data), rows, page)
    with open(output / MANIFEST, "a", encoding="utf-8") as manifest:
        for item, result in mapper(found):
            if isinstance(result, Finding):
                tally.findings.append(result)
                tally.pairs -= 1
                continue
            tally.findings += result.findings
            row = _written(item, result, output)
            page.add(item, row["instruction"], row["chain"])
            manifest.write(json.dumps(row, ensure_ascii=False) + "\n")
            manifest.flush()
            os.fsync(manifest.fileno())
    (output / "report.txt").write_text(text_report(tally), encoding="utf-8")
    (output / "report.json").write_text(json_report(tally), encoding="utf-8")
    page.write(output / "report.html", tally)
    return tally


def list_new(pairs: Iterator[Checked], rows: dict[str, dict[str, Any]], page: Page) -> Iterator[Checked]:
    """The pairs without a row; those with one go on the page as they stand there."""
    for item in pairs:
        row = rows.get(item.pair.name)
        if row is None:
            yield item
        else:
            page.add(item, row["instruction"], row["chain"])


def _written(item: Checked, made: Annotation, output: Path) -> dict[str, Any]:
    """The row, its pictures written as PNG."""
    name = identifier(item.pair.name)
    row: dict[str, Any] = {"name": item.pair.name, "instruction": made.instruction, "chain": made.chain}
    for side, image in (("source", item.source), ("target", item.target)):
        if image:
            row[f"{side}_file_name"] = f"{PICTURES}/{name}-{side}.png"
            image.save(output / row[f"{side}_file_name"], "PNG")
    return row


def named_relative(pairs: Iterator[Checked], folder: Path) -> Iterator[Checked]:
    """Pairs whose names do not depend on where the data lies."""
    for item in pairs:
        yield replace(item, pair=replace(item.pair, name=item.pair.name.replace(str(folder), ".")))
