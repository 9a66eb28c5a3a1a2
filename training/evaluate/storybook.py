"""`python -m training.evaluate storybook`: how well a model edits storybook scenes it has never seen.

Every sample goes through the shipped pipeline (own chain, own boxes, the model's default steps and scales); results
are judged before compositing by `training.storybook.scoring`.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from engine.api.chain import Box, Chain
from engine.api.errors import EngineError
from training.measures import deviation, iou, mean
from training.storybook.disturbance import DISTURBANCES, disturb
from training.storybook.drawing import SIZE
from training.storybook.edits import EDITS, Example, Step, sample
from training.storybook.scene import Scene
from training.storybook.scoring import score_edit, score_generated

FIRST_SEED = 9 * 10**9
"""Evaluation seeds lie beyond every seed that training draws."""


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


@dataclass(frozen=True)
class Options:
    """How samples are run: `ablation` is one of ABLATIONS, `disturbed` "none" or one of DISTURBANCES."""

    model: str
    device: str = "cpu"
    ablation: str = "none"
    disturbed: str = "none"
    steps: int | None = None
    scales: tuple[float, float, float] | None = None
    threads: int = 1


TASKS = (*EDITS, "text_to_image")
"""The samples' tasks, in turn, where none are asked for; "two_step" is one more."""

ABLATIONS = ("none", "no_spatial", "no_chain", "true_chain")

_pipelines: dict[str, Any] = {}  # one a process: a worker loads the model once


def evaluate_one(seed: int, task: str, options: Options) -> Verdict:
    """Runs one sample through the pipeline and judges it."""
    import torch

    from engine.got import GoTPipeline

    torch.set_num_threads(options.threads)
    if options.model not in _pipelines:
        _pipelines[options.model] = GoTPipeline.from_pretrained(options.model, device=options.device)
    pipe = _pipelines[options.model]
    example = sample(seed, task)
    source = _seen(example.source, seed, options) if example.source else None
    started = time.perf_counter()
    how = {"num_inference_steps": options.steps, "guidance_scales": _scales(pipe, source, options)}
    if task == "two_step":
        result = pipe(example.instruction, source, **how)
        chain, images = result.chain, result.images
    else:
        chain = _chain(pipe, example, source, options.ablation)
        images = pipe.render(chain, source, instruction=example.instruction, height=SIZE, width=SIZE, **how)
    seconds = time.perf_counter() - started
    truths = [_seen(step.target, seed, options) for step in example.steps]
    return judge(example, source, truths, chain, images, seconds)


def _seen(scene: Scene, seed: int, options: Options) -> Image.Image:
    """The scene as the model gets to see it."""
    picture = Image.fromarray(scene.render())
    return picture if options.disturbed == "none" else disturb(picture, options.disturbed, seed)


def _scales(pipe: Any, source: Image.Image | None, options: Options) -> Any:  # noqa: ANN401
    from engine.got import GuidanceScales

    if options.ablation == "no_spatial":
        return replace(pipe.config.defaults.guidance_scales["edit" if source else "text_to_image"], spatial=0.0)
    return GuidanceScales(*options.scales) if options.scales else None


def _chain(pipe: Any, example: Example, source: Image.Image | None, ablation: str) -> Chain:  # noqa: ANN401
    if ablation == "true_chain":
        return Chain.parse(example.chain)
    if ablation == "no_chain":
        return Chain.parse("<|im_gen_start|>")
    return pipe.plan(example.instruction, source)


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


def summary(verdicts: Iterable[Verdict]) -> dict[str, Any]:
    """The figures of a run: over all edits, and by operation."""
    rows = list(verdicts)
    edits = [v for v in rows if v.task != "text_to_image"]
    figures = {"samples": len(rows), **_figures(edits)}
    figures["chain_parse_rate"] = mean(v.parsed for v in rows)
    figures["t2i_success"] = mean(ok for v in rows if v.task == "text_to_image" for ok in v.objects)
    figures["seconds"] = round(float(np.median([v.seconds for v in rows])), 3)
    tasks = [t for t in (*TASKS, "two_step") if any(v.task == t for v in rows)]
    figures["by_operation"] = {t: _figures([v for v in rows if v.task == t]) for t in tasks}
    figures["by_reference"] = {
        r or "none": _figures([v for v in edits if v.reference == r]) for r in sorted({v.reference for v in edits})
    }
    return figures


def _figures(rows: list[Verdict]) -> dict[str, Any]:
    return {
        "count": len(rows),
        "chain_parse_rate": mean(v.parsed for v in rows),
        "named_right": mean(v.named for v in rows),
        "target_box_iou": mean(v.iou for v in rows),
        "target_box_iou50": mean(None if v.iou is None else v.iou > 0.5 for v in rows),
        "position_deviation": mean(v.deviation for v in rows),
        "edit_success": mean(v.right for v in rows),
        "inside_right": mean(v.inside_right for v in rows),
        "outside_psnr": mean(v.outside_psnr for v in rows),
    }


def run(samples: int, seed: int, options: Options, workers: int = 1, tasks: Sequence[str] = TASKS) -> list[Verdict]:
    """Verdicts of `samples` samples from `seed` on, in order, the tasks in turn."""
    jobs = [(FIRST_SEED + seed * 10**6 + i, tasks[i % len(tasks)]) for i in range(samples)]
    call = partial(_evaluate_job, options=options)
    if workers == 1:
        return [_progress(i, samples, call(job)) for i, job in enumerate(jobs)]
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        return [_progress(i, samples, v) for i, v in enumerate(pool.imap(call, jobs, chunksize=4))]


def _evaluate_job(job: tuple[int, str], options: Options) -> Verdict:
    return evaluate_one(*job, options)


def _progress(index: int, total: int, verdict: Verdict) -> Verdict:
    if (index + 1) % 20 == 0 or index + 1 == total:
        print(f"{index + 1} of {total}", file=sys.stderr, flush=True)
    return verdict


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; prints the figures as JSON and writes what was asked for.

    Anything but `storybook` is a folder of the user's own pairs.
    """
    argv = sys.argv[1:] if argv is None else argv
    if argv and argv[0] != "storybook" and not argv[0].startswith("-"):
        return _evaluate_folder(argv)
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("dataset", choices=["storybook"], help="or a folder that `got annotate` made")
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", default="got-mini", help="a model's name or folder")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--html", type=Path, help="write a report with the pictures here")
    parser.add_argument("--sheet", type=Path, help="write the pictures as one sheet (PNG) here")
    parser.add_argument("--ablation", choices=ABLATIONS, default="none")
    parser.add_argument("--disturbed", choices=["none", *DISTURBANCES], default="none", help="what the sources suffer")
    parser.add_argument("--tasks", nargs="+", choices=[*TASKS, "two_step"], default=TASKS, help="in turn")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--scales", type=float, nargs=3, metavar=("SEMANTIC", "SPATIAL", "REFERENCE"))
    parser.add_argument("--workers", type=int, default=1, help="processes, each with a copy of the model")
    args = parser.parse_args(argv)
    from engine.models.catalog import resolve

    scales = tuple(args.scales) if args.scales else None
    options = Options(str(resolve(args.model)), args.device, args.ablation, args.disturbed, args.steps, scales)
    verdicts = run(args.samples, args.seed, options, args.workers, args.tasks)
    asked = {"seed": args.seed, "ablation": args.ablation, "disturbed": args.disturbed}
    figures = {"dataset": args.dataset, **asked, **summary(verdicts)}
    text = json.dumps(figures, indent=2)
    print(text)
    if args.json:
        args.json.write_text(text + "\n", encoding="utf-8")
    if args.html or args.sheet:
        from training.evaluate.storybook_report import html_report, sheet

        if args.sheet:
            sheet(verdicts).save(args.sheet)
        if args.html:
            args.html.write_text(html_report(figures, verdicts), encoding="utf-8")
    return 0


def _evaluate_folder(argv: Sequence[str]) -> int:
    from training.evaluate import pairs

    try:
        return pairs.main(argv)
    except EngineError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
