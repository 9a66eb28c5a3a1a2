"""`python -m training.annotate DATA -o FOLDER`: brings pairs of any format into one folder, with a GoT chain each.

The edit region is where before and after differ; a model, if one is given, describes what it sees (paper sec. 4.1).
FOLDER gets pairs.jsonl, pictures/ and a report: as text, page and JSON. A row that is there already is kept as it is,
corrections included: the same command goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from PIL import Image

from engine.api.chain import COLORS, IM_GEN_START, Box, escape_user_text, format_box
from engine.api.errors import EngineError
from training.annotate.difference import edit_regions
from training.data.check import Checked, Tally, checked, find_data
from training.data.manifest import MANIFEST, PICTURES, read_manifest
from training.data.pair import Finding, identifier
from training.data.report import Page, json_report, text_report


class Describer(Protocol):
    """What a model can say about a pair; each text is plain, without a full stop at its end."""

    doubts: list[str]
    """Answers of no use since the list was emptied: what was asked, and what was taken instead."""

    def head(self, source: Image.Image, instruction: str, boxes: list[Box]) -> str:
        """The chain's beginning, up to the words that the first edit box belongs to."""
        ...

    def caption(self, image: Image.Image) -> str:
        """What a picture shows."""
        ...

    def instruction(self, source: Image.Image, target: Image.Image) -> str:
        """What was done to the source."""
        ...

    def regions(self, source: Image.Image, target: Image.Image, instruction: str) -> list[Box] | None:
        """As `edit_regions`."""
        ...


class Plain:
    """Describes with what came with the pair only."""

    def __init__(self) -> None:
        self.doubts: list[str] = []

    def head(self, source: Image.Image, instruction: str, boxes: list[Box]) -> str:
        return "The place to change is"

    def caption(self, image: Image.Image) -> str:
        return ""

    def instruction(self, source: Image.Image, target: Image.Image) -> str:
        return ""

    def regions(self, source: Image.Image, target: Image.Image, instruction: str) -> list[Box] | None:
        return edit_regions(source, target)


@dataclass(frozen=True)
class Annotation:
    """What is written for a pair, and what its report says of it."""

    instruction: str
    chain: str
    findings: tuple[Finding, ...] = ()


def annotate_pair(item: Checked, describer: Describer) -> Annotation | Finding:
    """What came with a pair is kept."""
    pair = item.pair
    describer.doubts.clear()
    target = pair.target_caption or describer.caption(item.target)
    if item.source is None:
        instruction = pair.instruction or target
        chain = pair.chain or f"The picture shows {_plain(instruction)}."
    else:
        instruction = pair.instruction or describer.instruction(item.source, item.target)
        if not instruction and target:
            instruction = f"change it to {_plain(target)}"
        chain = pair.chain or _edit_chain(item, instruction, target, describer)
    if not instruction.strip():
        why = "; ".join(describer.doubts) or "nothing that could be made one came with it; give a model"
        return Finding("no_instruction", pair.name, why)
    if not chain:
        return Finding("unchanged", pair.name)
    doubts = tuple(Finding("not_understood", pair.name, doubt) for doubt in describer.doubts)
    return Annotation(
        instruction.strip(), chain if chain.endswith(IM_GEN_START) else chain.rstrip() + IM_GEN_START, doubts
    )


def _edit_chain(item: Checked, instruction: str, target: str, describer: Describer) -> str:
    """What the source shows, the object to change with its box, the operation, what the result shows."""
    assert item.source
    boxes = describer.regions(item.source, item.target, instruction)
    if boxes is None:
        return ""
    head = describer.head(item.source, instruction, boxes)
    if item.pair.source_caption:
        head = f"The image shows {_plain(item.pair.source_caption)}. {head}"
    written = [format_box(box, color) for box, color in zip(boxes, COLORS, strict=False)]
    place = f"{head} {' and '.join(written)}." if written else "The whole picture is to change."
    operation = _plain(instruction)
    # without a caption no sentence on the result: one that says nothing takes a small planner long to learn
    result = f" The edited image shows {_plain(target)}." if target else ""
    return f"{place} {operation[:1].upper()}{operation[1:]}.{result}"


def _plain(text: str) -> str:
    """Words that cannot be taken for control tokens, in one line, without a full stop."""
    return " ".join(escape_user_text(text).split()).rstrip(".")


Mapper = Callable[[Iterator[Checked]], Iterable[tuple[Checked, Annotation | Finding]]]
"""Annotates a stream of pairs, in order; see `annotated` and `training.annotate.ray`."""


def annotated(describer: Describer) -> Mapper:
    """One pair after the other, in this process."""
    return lambda pairs: ((item, annotate_pair(item, describer)) for item in pairs)


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


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="got annotate", description=__doc__)
    parser.add_argument("data", type=Path, help="a folder or file of pairs; docs/training.md lists the formats")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the folder to train from")
    parser.add_argument("--model", help="a GoT model, by name or folder, or a folder of Qwen2.5-VL, that describes")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"], help="where the model computes")
    parser.add_argument("--ray", action="store_true", help="on all machines of a Ray cluster")
    args = parser.parse_args(argv)
    try:
        if args.ray:
            from training.annotate.ray import annotated_by_ray

            mapper = annotated_by_ray(args.model, args.device)
        else:
            mapper = annotated(make_describer(args.model, args.device))
        tally = annotate(args.data, args.output, mapper)
    except EngineError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("stopped: the same command goes on from here", file=sys.stderr)
        return 130
    print(text_report(tally), end="")
    print(f"Wrote {args.output}; look at {args.output / 'report.html'} before training")
    return 0


def make_describer(model: str | None, device: str = "cpu") -> Describer:
    """The one that a model's name or folder stands for; None: no model."""
    if model is None:
        return Plain()
    if (Path(model) / "config.json").is_file():
        from training.annotate.describe import QwenDescriber

        return QwenDescriber(Path(model), device)
    from engine.models.catalog import resolve
    from training.annotate.describe import PlannerDescriber

    return PlannerDescriber(resolve(model), device)
