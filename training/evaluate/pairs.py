"""`got evaluate FOLDER`: measures how well a model, with or without adapters, edits the pairs of a folder.

An edit is right if, inside the boxes of the pair's chain, the result is closer to the target than to the source
(blurred CIELAB), and the PSNR outside them reaches 25 dB. The model plans for itself. CLIP-I, CLIP-T, DINO and LPIPS
are measured if you provide their weights; training/evaluate/similarity.py defines them.
"""

from __future__ import annotations

import argparse
import html
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engine.api.chain import Chain
from engine.got import GoTPipeline
from engine.got.adapters import apply_adapters
from engine.models.catalog import resolve
from training.data.manifest import Row, read_rows
from training.evaluate import similarity
from training.evaluate.edits import edit_row, summary
from training.evaluate.similarity import Similarity
from training.measures import OUTSIDE_DB, blurred_lab, mean, outside_boxes
from training.pages import STYLE, data_url

_VERDICTS = {True: "right", False: "wrong", None: ""}


def edit_right(row: Row, result: dict[str, Any]) -> bool | None:
    """Returns whether the edit is right; None for a picture without a source, which is not an edit."""
    source, target = row.pictures()
    if source is None:
        return None
    boxes = [region.box for region in Chain.parse(row.chain).mask_regions(0)]
    outside = outside_boxes(target.size, boxes)
    actual, before, after = (
        blurred_lab(np.asarray(picture.resize(target.size)))[~outside] for picture in (result["result"], source, target)
    )
    closer = np.square(actual - after).sum() < np.square(actual - before).sum()
    db = result["outside_psnr"]
    return bool(closer and (db is None or db >= OUTSIDE_DB))


def evaluate_rows(
    pipeline: GoTPipeline, rows: list[Row], guidance: str, steps: int | None, likeness: Similarity | None = None
) -> list[dict[str, Any]]:
    """Returns a result for each row; `edit_row` explains `guidance`."""
    results = []
    for row in rows:
        result = edit_row(pipeline, row, steps, guidance)
        values = likeness.measure(row, result["result"]) if likeness else {}
        results.append(result | {"right": edit_right(row, result), "name": row.name, "likeness": values})
    return results


def figures_of(results: list[dict[str, Any]]) -> dict[str, Any]:
    names = results[0]["likeness"] if results else ()
    likeness: dict[str, Any] = {name: mean([r["likeness"][name] for r in results]) for name in names}
    if "clip_t" in likeness:  # only for pairs whose target is described in words
        likeness["clip_t_pairs"] = sum(r["likeness"]["clip_t"] is not None for r in results)
    success = mean([r["right"] for r in results])
    return {"samples": len(results), "edit_success": success, **summary(results), **likeness}


def page(figures: dict[str, Any], results: list[dict[str, Any]]) -> str:
    """Returns a self-contained HTML page: the figures, then each sample as plan, result and truth."""
    table = "".join(f"<tr><td>{k.replace('_', ' ')}</td><td>{v}</td></tr>" for k, v in figures.items())
    samples = "".join(
        f"<figure>{''.join(_image(p) for p in r['pictures'])}<figcaption><b>{html.escape(r['instruction'])}</b> "
        f"{_VERDICTS[r['right']]}{_values(r['likeness'])}<br>"
        f"<code>{html.escape(r['chain'])}</code></figcaption></figure>"
        for r in results
    )
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Evaluation</title>
<style>{STYLE} figure img {{ width: 32%; margin-right: 1% }}</style><h1>Evaluation</h1><table>{table}</table>
<p>Each sample: the plan on the source, the result, the truth with its boxes.</p>{samples}</html>
"""


def _values(likeness: dict[str, float | None]) -> str:
    values = {name: value for name, value in likeness.items() if value is not None}
    return "".join(f" · {name.replace('_', ' ')} {value:.3f}" for name, value in values.items())


def _image(picture: Image.Image) -> str:
    return f'<img src="{data_url(picture)}" alt="">'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="a folder from `got annotate`")
    parser.add_argument("--samples", type=int, help="evaluate only the first N pairs (default: all)")
    parser.add_argument("--model", default="got-mini", help="a model's name or folder")
    parser.add_argument("--adapter", nargs=2, action="append", default=[], metavar=("FOLDER", "WEIGHT"))
    parser.add_argument("--guidance", choices=["spatial", "chain", "none"], default="spatial")
    parser.add_argument("--steps", type=int, help="denoising steps (default: the model's own)")
    parser.add_argument("--device", default="cpu")
    similarity.add_arguments(parser)
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--html", type=Path, help="write a report with the pictures here")


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="got evaluate", description=__doc__)
    add_arguments(parser)
    args = parser.parse_args(argv)
    rows = read_rows(args.folder)[: args.samples]
    likeness = similarity.from_arguments(args, args.device)  # before hours of rendering, in case a folder does not fit
    pipeline = GoTPipeline.from_pretrained(resolve(args.model), device=args.device)
    apply_adapters(pipeline, [(Path(folder), float(weight)) for folder, weight in args.adapter])
    results = evaluate_rows(pipeline, rows, args.guidance, args.steps, likeness)
    figures = {"dataset": args.folder.name, "model": args.model, **figures_of(results)}
    text = json.dumps(figures, indent=2)
    print(text)
    if args.json:
        args.json.write_text(text + "\n", encoding="utf-8")
    if args.html:
        args.html.write_text(page(figures, results), encoding="utf-8")
    return 0
