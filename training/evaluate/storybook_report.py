"""Reports on a storybook evaluation: a contact sheet, and an HTML page with figures, chains and pictures."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from training.evaluate.verdict import Verdict
from training.pages import STYLE, data_url
from training.storybook.drawing import SIZE

_GAP = 6
_TEXT = 13
"""Font size of the instruction, in pixels."""
_MASK_INK = {"red": "#e02020", "green": "#18a040", "blue": "#3060e0"}


def overlay(verdict: Verdict) -> Image.Image:
    """Returns the source (or white, if there is none) with the chain's boxes drawn on it."""
    picture = verdict.pictures.get("source", Image.new("RGB", (SIZE, SIZE), "white")).copy()
    draw = ImageDraw.Draw(picture)
    for box, color in verdict.boxes:
        x1, y1, x2, y2 = (v * SIZE / 1000 for v in box)
        draw.rectangle(
            [min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)], outline=_MASK_INK.get(color, "#e02020"), width=2
        )
    return picture


def strip(verdict: Verdict) -> Image.Image:
    """Returns plan, result and truth side by side, with a green frame if the edit is right and a red one if not."""
    pictures = [overlay(verdict), verdict.pictures["result"].resize((SIZE, SIZE)), verdict.pictures["target"]]
    width = len(pictures) * (SIZE + 2) + 4
    out = Image.new("RGB", (width, SIZE + 6), "#2e9b4f" if verdict.right else "#c8372d")
    for i, picture in enumerate(pictures):
        out.paste(picture, (3 + i * (SIZE + 2), 3))
    return out


def sheet(verdicts: Sequence[Verdict], columns: int = 4) -> Image.Image:
    """Returns all samples in a grid, in order, each with its instruction below it."""
    strips = [strip(v) for v in verdicts]
    font = ImageFont.load_default(size=_TEXT)
    width, height = strips[0].width + _GAP, strips[0].height + 2 * _TEXT + _GAP
    rows = -(-len(strips) // columns)
    out = Image.new("RGB", (columns * width + _GAP, rows * height + _GAP), "white")
    draw = ImageDraw.Draw(out)
    for i, (picture, verdict) in enumerate(zip(strips, verdicts, strict=True)):
        left, top = _GAP + i % columns * width, _GAP + i // columns * height
        out.paste(picture, (left, top))
        draw.text((left, top + picture.height + 2), _shorten(verdict.instruction, font, width - _GAP), "black", font)
    return out


def _shorten(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """Returns as many words of `text` as fit into `width` pixels."""
    words = text.split()
    while font.getlength(" ".join(words)) > width:
        words = [*words[:-2], "…"]
    return " ".join(words)


def html_report(figures: dict[str, Any], verdicts: Sequence[Verdict]) -> str:
    """Returns a self-contained HTML page: the table by operation, then each sample with its instruction and chain."""
    columns = [k for k in next(iter(figures["by_operation"].values()))]
    head = "".join(f"<th>{html.escape(c.replace('_', ' '))}</th>" for c in ["", *columns])
    rows = {"all edits": figures, **figures["by_operation"]}
    body = "".join(
        f"<tr><td>{html.escape(name.replace('_', ' '))}</td>"
        + "".join(f"<td>{_cell(row.get(c))}</td>" for c in columns)
        + "</tr>"
        for name, row in rows.items()
    )
    samples = "".join(
        f'<figure><img src="{data_url(strip(v))}" alt="plan, result and truth">'
        f"<figcaption><b>{html.escape(v.instruction)}</b><br><code>{html.escape(v.chain)}</code></figcaption></figure>"
        for v in verdicts
    )
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Storybook evaluation</title>
<style>{STYLE}</style><h1>Storybook evaluation</h1>
<p>{figures["samples"]} samples, seed {figures["seed"]}. Each picture: the plan's boxes on the source, the result before
compositing, the truth; framed green where the edit is right.</p>
<table><tr>{head}</tr>{body}</table><h2>Samples</h2>{samples}</html>"""


def _cell(value: Any) -> str:  # noqa: ANN401
    return "–" if value is None else f"{value:g}" if isinstance(value, int | float) else str(value)
