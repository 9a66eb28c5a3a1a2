"""The verdict on one storybook sample: what was asked, written and drawn, and whether it is right.

The pictures are judged before compositing, by `training.storybook.scoring`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from engine.api.chain import Box, Chain
from training.measures import deviation, iou
from training.storybook.drawing import SIZE
from training.storybook.edits import Example, Step
from training.storybook.scoring import score_edit, score_generated


@dataclass
class Verdict:
    """One sample: what was asked, written, drawn and how it was judged."""

    task: str
    reference: str
    instruction: str
    chain: str
    parsed: bool
    named: bool
    boxes: list[tuple[list[int], str]]
    iou: float | None
    deviation: float | None
    right: bool
    inside_right: bool
    outside_psnr: float | None
    objects: list[bool] = field(default_factory=list)
    seconds: float = 0.0
    pictures: dict[str, Image.Image] = field(default_factory=dict)


def judge(
    example: Example,
    source: Image.Image | None,
    truths: Sequence[Image.Image],
    chain: Chain,
    images: Sequence[Image.Image],
    seconds: float,
) -> Verdict:
    """Scores a result: the chain and the boxes of the example's first step, the pictures of all its steps."""
    step = example.steps[0]
    masks = chain.mask_regions(0) if chain.turns else ()
    overlap, distance = _box_errors(step, [region.box for region in masks])
    verdict = Verdict(
        task=example.task,
        reference=example.reference,
        instruction=example.instruction,
        chain=chain.text,
        parsed=_parsed(chain, len(masks), len(step.regions)),
        named=_change(chain.text) == _change(step.chain),
        boxes=[([r.box.x1, r.box.y1, r.box.x2, r.box.y2], r.color or "") for r in masks],
        iou=overlap,
        deviation=distance,
        right=False,
        inside_right=False,
        outside_psnr=None,
        seconds=seconds,
    )
    results = [_pixels(image) for image in images]
    if example.source is None:
        verdict.objects = score_generated(step.target, results[0], [region.box for region in masks])
        verdict.right = all(verdict.objects)
    else:
        befores = [example.source, *(s.target for s in example.steps)]
        scores = [
            score_edit(before, done, result, _pixels(truth))
            for before, done, result, truth in zip(befores, example.steps, results, truths, strict=False)
        ]
        verdict.right = len(results) == len(example.steps) and all(score.right for score in scores)
        verdict.inside_right, verdict.outside_psnr = scores[0].inside_right, scores[0].outside_psnr
        if source:
            verdict.pictures["source"] = source.resize((SIZE, SIZE))
    verdict.pictures |= {"result": images[-1], "target": truths[-1].resize((SIZE, SIZE))}
    return verdict


def _pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB").resize((SIZE, SIZE)))


def _parsed(chain: Chain, found: int, expected: int) -> bool:
    """Well-formed to the end, with as many regions as this task has."""
    wrong = [p for p in chain.problems if p.code not in ("no_color",)]
    return not wrong and found == expected and chain.text.endswith("<|im_gen_start|>")


def _change(chain: str) -> str:
    """The chain without what it lists and without boxes: which object, which operation, which result."""
    words = chain.split(". ", 1)[-1].split("<|im_gen_start|>")[0]
    return "".join(part.split("<|box_end|>")[-1] for part in words.split("<|box_start|>"))


def _box_errors(step: Step, boxes: Sequence[Box]) -> tuple[float | None, float | None]:
    """IoU with the target box and distance of centres as a share of the picture's side; None where there is no box."""
    if not step.regions or step.operation == "text_to_image":
        return None, None
    if len(boxes) != len(step.regions):
        return 0.0, None
    wanted, found = [step.regions[-1][0]], [boxes[-1]]
    return iou(wanted, found), deviation(wanted, found)
