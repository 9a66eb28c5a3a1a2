"""Evaluates the shipped pipeline on storybook samples, in one process or several, and summarizes the verdicts."""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from PIL import Image

from engine.api.chain import Chain
from training.evaluate.verdict import Verdict, judge
from training.measures import mean
from training.storybook.disturbance import disturb
from training.storybook.drawing import SIZE
from training.storybook.edits import EDITS, Example, sample
from training.storybook.scene import Scene

FIRST_SEED = 9 * 10**9
"""Evaluation seeds start beyond all training seeds."""


@dataclass(frozen=True)
class Options:
    """Options of a run. `ablation` is one of ABLATIONS; `disturbed` is "none" or one of DISTURBANCES."""

    model: str
    device: str = "cpu"
    ablation: str = "none"
    disturbed: str = "none"
    steps: int | None = None
    scales: tuple[float, float, float] | None = None
    threads: int = 1


TASKS = (*EDITS, "text_to_image")
"""The default tasks, which the samples take in turn; "two_step" is another one."""

ABLATIONS = ("none", "no_spatial", "no_chain", "true_chain")

_pipelines: dict[str, Any] = {}  # so that each worker process loads the model once


def evaluate_one(seed: int, task: str, options: Options) -> Verdict:
    """Runs one sample through the pipeline and returns its verdict."""
    import torch

    from engine.got import GoTPipeline

    torch.set_num_threads(options.threads)
    if options.model not in _pipelines:
        _pipelines[options.model] = GoTPipeline.from_pretrained(options.model, device=options.device)
    pipe = _pipelines[options.model]
    example = sample(seed, task)
    source = _picture(example.source, seed, options) if example.source else None
    start = time.perf_counter()
    settings = {"num_inference_steps": options.steps, "guidance_scales": _scales(pipe, source, options)}
    if task == "two_step":
        result = pipe(example.instruction, source, **settings)
        chain, images = result.chain, result.images
    else:
        chain = _chain(pipe, example, source, options.ablation)
        images = pipe.render(chain, source, instruction=example.instruction, height=SIZE, width=SIZE, **settings)
    seconds = time.perf_counter() - start
    truths = [_picture(step.target, seed, options) for step in example.steps]
    return judge(example, source, truths, chain, images, seconds)


def _picture(scene: Scene, seed: int, options: Options) -> Image.Image:
    """Returns the scene's picture, disturbed if the options say so."""
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


def summary(verdicts: Iterable[Verdict]) -> dict[str, Any]:
    """Returns the figures of a run: over all edits, by operation, and by kind of referring expression."""
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
    """Returns the verdicts of `samples` samples in order; the tasks take turns.

    The samples' own seeds count up from FIRST_SEED + seed * 10**6.
    """
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
