"""Writes the instruction and the GoT chain of a pair, or of a stream of pairs (paper sec. 4.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from engine.api.chain import COLORS, IM_GEN_START, escape_user_text, format_box
from training.annotate.describer import Describer
from training.data.check import Checked
from training.data.pair import Finding


@dataclass(frozen=True)
class Annotation:
    """The texts for a pair, and the findings for the report."""

    instruction: str
    chain: str
    findings: tuple[Finding, ...] = ()


def annotate_pair(item: Checked, describer: Describer) -> Annotation | Finding:
    """Returns the annotation of a pair, or a finding if there is none. Texts that come with the pair take priority."""
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
    """Returns a chain: what the source shows, the object to change and its box, the operation, what the result shows.

    Empty if the pictures do not differ.
    """
    assert item.source
    boxes = describer.regions(item.source, item.target, instruction)
    if boxes is None:
        return ""
    head = describer.head(item.source, instruction, boxes)
    if item.pair.source_caption:
        head = f"The image shows {_plain(item.pair.source_caption)}. {head}"
    places = [format_box(box, color) for box, color in zip(boxes, COLORS, strict=False)]
    place = f"{head} {' and '.join(places)}." if places else "The whole picture is to change."
    operation = _plain(instruction)
    # without a caption, omit the sentence about the result: a small planner takes long to learn an empty one
    result = f" The edited image shows {_plain(target)}." if target else ""
    return f"{place} {operation[:1].upper()}{operation[1:]}.{result}"


def _plain(text: str) -> str:
    """Returns the text on one line, with control tokens escaped and without the final period."""
    return " ".join(escape_user_text(text).split()).rstrip(".")


Mapper = Callable[[Iterator[Checked]], Iterable[tuple[Checked, Annotation | Finding]]]
"""Annotates a stream of pairs and keeps their order; see `annotated` and `training.annotate.cluster`."""


def annotated(describer: Describer) -> Mapper:
    """Returns a mapper that annotates one pair after another in this process."""
    return lambda pairs: ((item, annotate_pair(item, describer)) for item in pairs)
