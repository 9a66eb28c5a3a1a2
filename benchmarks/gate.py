"""`python -m benchmarks.gate`: is a faster variant of rendering as good as the exact one?

Each storybook edit is planned once and rendered in each variant from the same chain and seed, so that nothing else
differs. Results are judged as in `got evaluate storybook`. A variant passes if edit success falls by at most 1
percentage point, and PSNR outside the edit by at most 0.5 dB.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from engine.got import GoTPipeline, GuidanceScales
from engine.models.catalog import resolve
from training.evaluate.storybook import FIRST_SEED, summary
from training.evaluate.verdict import Verdict, judge
from training.storybook.drawing import SIZE
from training.storybook.edits import EDITS, sample

SUCCESS_LOSS, PSNR_LOSS = 0.01, 0.5
"""Permitted losses: edit success as a share, PSNR outside the edit in dB."""

WAYS: dict[str, dict[str, Any]] = {
    "exact": {},
    "fast": {"preset": "fast"},
    "dpm-solver++ 4": {"scheduler": "dpm-solver++", "num_inference_steps": 4},
    "dpm-solver++ 8": {"scheduler": "dpm-solver++", "num_inference_steps": 8},
    "unipc 6": {"scheduler": "unipc", "num_inference_steps": 6},
    "guidance to 60 %": {"guidance_until": 0.6},
    "guidance from 20 %": {"guidance_from": 0.2},
    "guidance 20 % to 60 %": {"guidance_from": 0.2, "guidance_until": 0.6},
    "features every 2nd step": {"cache_interval": 2},
    "features every 3rd step": {"cache_interval": 3},
    "dpm-solver++ 8, features every 2nd step": {
        "scheduler": "dpm-solver++",
        "num_inference_steps": 8,
        "cache_interval": 2,
    },
    "fast, features every 2nd step": {"preset": "fast", "cache_interval": 2},
    "fast, features every 3rd step": {"preset": "fast", "cache_interval": 3},
    "fast, guidance 20 % to 60 %": {"preset": "fast", "guidance_from": 0.2},
}


def judge_ways(pipe: GoTPipeline, seed: int, task: str, ways: list[str], shared: dict[str, Any]) -> dict[str, Verdict]:
    """Renders one sample in each variant."""
    example = sample(seed, task)
    assert example.source is not None
    source = Image.fromarray(example.source.render())
    truths = [Image.fromarray(step.target.render()) for step in example.steps]
    chain = pipe.plan(example.instruction, source)
    verdicts = {}
    for way in ways:
        pipe.renderer.encode.forget()  # so that each variant encodes its pictures itself
        started = time.perf_counter()
        options = {"instruction": example.instruction, "height": SIZE, "width": SIZE, **shared, **WAYS[way]}
        images = pipe.render(chain, source, **options)
        verdicts[way] = judge(example, source, truths, chain, images, time.perf_counter() - started)
    return verdicts


def losses(exact: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The losses of a variant compared with the exact one, and whether it passes; the figures are those of
    `summary`."""
    success = round(exact["edit_success"] - other["edit_success"], 4)  # rounded first: 0.86 - 0.85 is more than 0.01
    psnr = round(exact["outside_psnr"] - other["outside_psnr"], 3)
    return {"success_lost": success, "psnr_lost": psnr, "passes": bool(success <= SUCCESS_LOSS and psnr <= PSNR_LOSS)}


def main() -> None:
    """Prints the figures of each variant as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate", description=__doc__)
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=["exact", "fast"], help="exact comes first")
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", default="got-mini")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--scales", type=float, nargs=3, metavar=("SEMANTIC", "SPATIAL", "REFERENCE"))
    parser.add_argument("--json", type=Path, help="write the figures here, anew after each sample")
    args = parser.parse_args()
    ways = ["exact", *(way for way in args.ways if way != "exact")]
    shared = {"guidance_scales": GuidanceScales(*args.scales)} if args.scales else {}
    torch.set_num_threads(1)
    pipe = GoTPipeline.from_pretrained(resolve(args.model), device=args.device)
    verdicts: dict[str, list[Verdict]] = {way: [] for way in ways}
    figures: dict[str, Any] = {}
    for index in range(args.samples):
        seed, task = FIRST_SEED + args.seed * 10**6 + index, EDITS[index % len(EDITS)]
        for way, verdict in judge_ways(pipe, seed, task, ways, shared).items():
            verdict.pictures.clear()
            verdicts[way].append(verdict)
        figures = report(verdicts)
        if args.json:
            args.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))


def report(verdicts: dict[str, list[Verdict]]) -> dict[str, Any]:
    """By variant: edit success, PSNR outside the edit, seconds per render, and losses.

    `times_less` is the median speed-up over the samples, compared with the exact render of the same sample; `edits_won`
    and `edits_lost` count the samples that only this variant, or only the exact one, got right.
    """
    figures = {way: summary(rows) for way, rows in verdicts.items()}
    exact, result = verdicts["exact"], {}
    for way, rows in verdicts.items():
        row = {key: figures[way][key] for key in ("samples", "edit_success", "outside_psnr")}
        row["seconds"] = round(float(np.median([verdict.seconds for verdict in rows])), 3)
        pairs = list(zip(exact, rows, strict=True))
        row["times_less"] = round(float(np.median([first.seconds / other.seconds for first, other in pairs])), 2)
        row["edits_won"] = sum(other.right and not first.right for first, other in pairs)
        row["edits_lost"] = sum(first.right and not other.right for first, other in pairs)
        result[way] = row | losses(figures["exact"], figures[way])
    return result


if __name__ == "__main__":
    main()
