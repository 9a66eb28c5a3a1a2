"""`python -m benchmarks.gate_weights`: is a model with quantized weights as good as the exact one?

Each storybook edit is planned and rendered with each kind of weights, from the same seed, and judged as in
`benchmarks.gate`. Prints the same figures, the number of chains that are equal to those of the exact weights, and the
megabytes of the weights. `--sizes` only prints the sizes for GoT-6B in bfloat16, from its configuration.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from benchmarks.full_size import config
from benchmarks.gate import report
from engine.got import GoTPipeline
from engine.got.files.weights import Models, empty_mllm, empty_projectors, empty_unet, empty_vae
from engine.got.residence.quantize import Fp8Products, Int8Linear, Int8Products, quantize_layers, quantize_unet
from engine.got.residence.tiers import weight_bytes
from engine.models.catalog import resolve
from training.evaluate.storybook import FIRST_SEED
from training.evaluate.verdict import Verdict, judge
from training.storybook.drawing import SIZE
from training.storybook.edits import EDITS, sample

NF4 = (-1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334)
NF4 += (-0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224)
NF4 += (0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0)
"""The values of NormalFloat (Dettmers et al. 2023, QLoRA, appendix E)."""
BLOCK = 64
"""Weights that share a scale in NormalFloat."""


class Nf4Linear(Int8Linear):
    """4 bits per weight, as in bitsandbytes: weights are decoded before the product."""

    @staticmethod
    def encode(matrix: Tensor) -> tuple[Tensor, Tensor]:
        blocks = matrix.float().view(-1, BLOCK)
        scales = blocks.abs().amax(1, keepdim=True).clamp(min=1e-12).to(matrix.dtype)
        levels = torch.tensor(NF4, device=matrix.device)
        nearest = torch.bucketize(blocks / scales.float(), (levels[1:] + levels[:-1]) / 2).to(torch.uint8)
        first, second = nearest.view(-1, 2).unbind(1)
        return first << 4 | second, scales

    def decode(self) -> Tensor:
        levels = torch.tensor(NF4, device=self.codes.device, dtype=self.scales.dtype)
        pairs = torch.cartesian_prod(levels, levels)  # a row for each byte
        blocks = F.embedding(self.codes.int(), pairs).view(-1, BLOCK) * self.scales
        return blocks.view(self.out_features, self.in_features)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.decode(), self.bias)


def _planner(models: Models, kind: type[Int8Linear]) -> None:
    quantize_layers(models.mllm.model.language_model, kind, models.mllm.device)


def _unet(models: Models, kind: type[Int8Linear]) -> None:
    quantize_unet(models.unet, kind, models.mllm.device)


WAYS: dict[str, tuple[Callable[[Models, type[Int8Linear]], None], type[Int8Linear]] | None] = {
    "exact": None,
    "planner int8": (_planner, Int8Linear),
    "planner nf4": (_planner, Nf4Linear),
    "unet int8": (_unet, Int8Products),
    "unet fp8": (_unet, Fp8Products),
}


def shrunk(models: Models, way: str) -> dict[str, int]:
    """Quantizes the models in place. Returns the megabytes of the planner and of the renderer."""
    change = WAYS[way]
    if change:
        change[0](models, change[1])
    return {
        "planner_megabytes": weight_bytes([models.mllm, models.projectors]) // 10**6,
        "unet_megabytes": weight_bytes([models.unet, models.vae]) // 10**6,
    }


def full_size(way: str) -> dict[str, int]:
    """The same sizes for GoT-6B in bfloat16."""
    mllm, vae = empty_mllm(config("mllm", False)), empty_vae(config("vae", False))
    unet = empty_unet(config("unet", False) | {"in_channels": 12})
    models = Models(mllm, unet, vae, empty_projectors(mllm, unet))
    for model in models:
        model.to(torch.bfloat16)
    return shrunk(models, way)


def judge_ways(pipes: dict[str, GoTPipeline], index: int, seed: int) -> dict[str, tuple[str, Verdict]]:
    """Plans and renders one sample with each kind of weights: (chain, verdict)."""
    example = sample(FIRST_SEED + seed * 10**6 + index, EDITS[index % len(EDITS)])
    assert example.source is not None
    source = Image.fromarray(example.source.render())
    truths = [Image.fromarray(step.target.render()) for step in example.steps]
    verdicts = {}
    for way, pipe in pipes.items():
        started = time.perf_counter()
        chain = pipe.plan(example.instruction, source)
        images = pipe.render(chain, source, instruction=example.instruction, height=SIZE, width=SIZE)
        verdict = judge(example, source, truths, chain, images, time.perf_counter() - started)
        verdict.pictures.clear()
        verdicts[way] = (chain.text, verdict)
    return verdicts


def main() -> None:
    """Prints the figures of each kind of weights as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate_weights", description=__doc__)
    parser.add_argument("--weights", nargs="+", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", default="got-mini")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--sizes", action="store_true", help="GoT-6B's sizes, from its configuration")
    parser.add_argument("--json", type=Path, help="write the figures here, anew after each sample")
    args = parser.parse_args()
    ways = ["exact", *(way for way in args.weights if way != "exact")]
    if args.sizes:
        print(json.dumps({way: full_size(way) for way in ways}, indent=2))
        return
    torch.set_num_threads(1)
    pipes = {way: GoTPipeline.from_pretrained(resolve(args.model), device=args.device) for way in ways}
    sizes = {
        way: shrunk(Models(pipe.planner.mllm, pipe.renderer.unet, pipe.renderer.vae, pipe.renderer.projectors), way)
        for way, pipe in pipes.items()
    }
    verdicts: dict[str, list[Verdict]] = {way: [] for way in ways}
    same = dict.fromkeys(ways, 0)
    figures: dict[str, Any] = {}
    for index in range(args.samples):
        results = judge_ways(pipes, index, args.seed)
        for way, (chain, verdict) in results.items():
            verdicts[way].append(verdict)
            same[way] += chain == results["exact"][0]
        figures = {way: values | sizes[way] | {"same_chains": same[way]} for way, values in report(verdicts).items()}
        if args.json:
            args.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
