"""The verdict on one storybook sample: its instruction, chain and pictures, and whether they are right.

`training.storybook.scoring` judges the pictures before compositing.
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
    """One sample with its instruction, chain, pictures and scores."""

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
    """Scores a result: the chain and boxes of the example's first step, and the pictures of all steps."""
    step = example.steps[0]
    masks = chain.mask_regions(0) if chain.turns else ()
    overlap, distance = _box_errors(step, [region.box for region in masks])
    verdict = Verdict(
        task=example.task,
        reference=example.reference,
        instruction=example.instruction,
        chain=chain.text,
        parsed=_parses(chain, len(masks), len(step.regions)),
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
        sources = [example.source, *(s.target for s in example.steps)]
        scores = [
            score_edit(before, edit, result, _pixels(truth))
            for before, edit, result, truth in zip(sources, example.steps, results, truths, strict=False)
        ]
        verdict.right = len(results) == len(example.steps) and all(score.right for score in scores)
        verdict.inside_right, verdict.outside_psnr = scores[0].inside_right, scores[0].outside_psnr
        if source:
            verdict.pictures["source"] = source.resize((SIZE, SIZE))
    verdict.pictures |= {"result": images[-1], "target": truths[-1].resize((SIZE, SIZE))}
    return verdict


def _pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("RGB").resize((SIZE, SIZE)))


def _parses(chain: Chain, regions: int, expected: int) -> bool:
    """Returns whether the chain is complete and well-formed, with the expected number of regions."""
    problems = [p for p in chain.problems if p.code not in ("no_color",)]
    return not problems and regions == expected and chain.text.endswith("<|im_gen_start|>")


def _change(chain: str) -> str:
    """Returns the chain's sentences about object, operation and result: without the list of objects and the boxes."""
    words = chain.split(". ", 1)[-1].split("<|im_gen_start|>")[0]
    return "".join(part.split("<|box_end|>")[-1] for part in words.split("<|box_start|>"))


def _box_errors(step: Step, boxes: Sequence[Box]) -> tuple[float | None, float | None]:
    """Returns the IoU with the target box, and the distance of the centers as a share of the picture's side.

    Both are None if the edit has no box. With a wrong number of boxes, the IoU is 0 and the distance None.
    """
    if not step.regions or step.operation == "text_to_image":
        return None, None
    if len(boxes) != len(step.regions):
        return 0.0, None
    expected, actual = [step.regions[-1][0]], [boxes[-1]]
    return iou(expected, actual), deviation(expected, actual)
