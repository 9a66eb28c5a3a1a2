"""Reports on training data: as text, as JSON, and as an HTML page with thumbnails and their boxes."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from training.data.check import Checked, Tally
from training.data.pair import KINDS
from training.pages import STYLE, data_url, thumbnail

_MOST = 200
"""Maximum number of pairs on a page, so that a browser can open it whatever the size of the data set."""


def text_report(tally: Tally) -> str:
    """Returns the counts, then one line per finding."""
    lines = [f"{tally.pairs} usable pairs."]
    for kind, count in sorted(tally.counts.items()):
        lines.append(f"{count} × {KINDS[kind]}")
    lines += [f"{f.kind}: {f.where}{': ' if f.message else ''}{f.message}" for f in tally.findings]
    return "\n".join(lines) + "\n"


def json_report(tally: Tally) -> str:
    """Returns the pair count, the counts by kind and the findings as JSON."""
    report = {"pairs": tally.pairs, "counts": tally.counts, "findings": [asdict(f) for f in tally.findings]}
    return json.dumps(report, indent=1, ensure_ascii=False) + "\n"


class Page:
    """Collects the thumbnails of up to _MOST pairs, and writes the HTML report."""

    def __init__(self) -> None:
        self.figures: list[str] = []

    def add(self, checked: Checked, instruction: str, chain: str) -> None:
        if len(self.figures) == _MOST:
            return
        pictures = [checked.source, checked.target]
        images = "".join(f'<img src="{data_url(thumbnail(image, chain))}" alt="">' for image in pictures if image)
        title, code, name = (html.escape(text) for text in (instruction, chain, checked.pair.name))
        caption = f"<b>{title}</b><br><code>{code}</code><br>{name}"
        self.figures.append(f"<figure>{images}<figcaption>{caption}</figcaption></figure>")

    def write(self, path: Path, tally: Tally) -> None:
        counts = _rows((KINDS[kind], str(count)) for kind, count in sorted(tally.counts.items()))
        findings = _rows((f.kind, f.where, f.message) for f in tally.findings)
        path.write_text(
            f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Training data</title>
<style>{STYLE} figure img {{ width: 48%; margin-right: 2% }} td {{ text-align: left }}</style><h1>Training data</h1>
<p>{tally.pairs} usable pairs{_more(tally.pairs, len(self.figures))}.</p>
<table>{counts}</table><h2>Problems found</h2><table>{findings}</table>
<h2>Pairs</h2>{"".join(self.figures)}</html>
""",
            encoding="utf-8",
        )


def _more(pairs: int, figures: int) -> str:
    return "" if pairs <= figures else f"; the first {figures} are shown"


def _rows(rows: Iterable[tuple[str, ...]]) -> str:
    return "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
