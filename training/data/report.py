"""What was found in a set of training data, as text and as a page with thumbnails and their boxes drawn."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from training.data.check import Checked, Tally
from training.data.pair import KINDS
from training.pages import STYLE, data_url, drawn

_MOST = 200
"""Thumbnails on a page: it has to open in a browser whatever the size of the set."""


def text_report(tally: Tally) -> str:
    """Counts, then each finding on a line of its own."""
    lines = [f"{tally.pairs} pairs can be trained on."]
    for kind, count in sorted(tally.counts.items()):
        lines.append(f"{count} × {KINDS[kind]}")
    lines += [f"{f.kind}: {f.where}{': ' if f.message else ''}{f.message}" for f in tally.findings]
    return "\n".join(lines) + "\n"


def json_report(tally: Tally) -> str:
    """The same for programs."""
    found = {"pairs": tally.pairs, "counts": tally.counts, "findings": [asdict(f) for f in tally.findings]}
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


class Page:
    """Collects thumbnails while the data streams by."""

    def __init__(self) -> None:
        self.figures: list[str] = []

    def add(self, checked: Checked, instruction: str, chain: str) -> None:
        if len(self.figures) == _MOST:
            return
        pictures = [checked.source, checked.target]
        shown = "".join(f'<img src="{data_url(drawn(image, chain))}" alt="">' for image in pictures if image)
        told, written, name = (html.escape(text) for text in (instruction, chain, checked.pair.name))
        words = f"<b>{told}</b><br><code>{written}</code><br>{name}"
        self.figures.append(f"<figure>{shown}<figcaption>{words}</figcaption></figure>")

    def write(self, path: Path, tally: Tally) -> None:
        counts = _rows((KINDS[kind], str(count)) for kind, count in sorted(tally.counts.items()))
        findings = _rows((f.kind, f.where, f.message) for f in tally.findings)
        path.write_text(
            f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Training data</title>
<style>{STYLE} figure img {{ width: 48%; margin-right: 2% }} td {{ text-align: left }}</style><h1>Training data</h1>
<p>{tally.pairs} pairs can be trained on{_more(tally.pairs, len(self.figures))}.</p>
<table>{counts}</table><h2>Not used, or with care</h2><table>{findings}</table>
<h2>Pairs</h2>{"".join(self.figures)}</html>
""",
            encoding="utf-8",
        )


def _more(pairs: int, shown: int) -> str:
    return "" if pairs <= shown else f"; the first {shown} of them are shown"


def _rows(rows: Iterable[tuple[str, ...]]) -> str:
    return "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
