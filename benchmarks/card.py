"""`python -m benchmarks.card`: an edit by a model of GoT-6B's size on a graphics card, its weights random.

The plain loop of the paper's code, the default and the fast preset, in one process and in turn: seconds by stage, how
many times less than the plain loop, how far their pictures are from its, and the memory at the peak. Then the default
once more with the card's memory capped, in the tier that it chooses there. Weights are random, so the planner writes
so many tokens, whichever come, and they are taken for a chain with one box. Prints JSON, and writes it anew after each
figure. `--small --device cpu` takes the same way with a model of a few megabytes; `--device cpu --pairs 0 --caps` plans
and draws at full size on a processor, given a few `--tokens` and `--steps`.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import time
from collections.abc import Callable
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, cast

import numpy as np
import torch
from PIL import Image
from transformers import GenerationConfig, Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from benchmarks import reference
from benchmarks.full_size import config, tokenizer
from engine.api.chain import IM_GEN_START
from engine.got import GoTPipeline, GuidanceScales
from engine.got.checkpoint import Components
from engine.got.config import Defaults, GoTConfig
from engine.got.memory import RESIDENT, device_memory, weight_bytes
from engine.got.planner import Planner, Written
from engine.got.progress import Watch
from engine.got.prompts import add_got_tokens
from engine.got.quantize import WEIGHTS, kind_of_weights, shrink_unet
from engine.got.reading import Reading
from engine.got.weights import empty_projectors, empty_unet, empty_vae

CHAIN = f"A leaf <|box_start|>(200,200),(700,700)<|box_end|> (red) becomes an umbrella.{IM_GEN_START}"
INSTRUCTION = "replace the giant leaf with an umbrella"
SCALES = GuidanceScales(4, 3, 1.5)
WAYS = ("plain loop", "exact", "fast")


class ScriptedPlanner(Planner):
    """Writes as many tokens as its script says, and its script's chain is what they are taken for."""

    script = reference.Script(300, CHAIN)

    def write(self, reading: Reading, watch: Watch) -> Written:
        with closing(reading.write()) as tokens:
            for _ in islice(tokens, self.script.tokens):
                watch.token("·")
        return Written(self.script.chain, self.vocabulary.im_gen_start)

    def go_on(self, reading: Reading, drawn: Image.Image, watch: Watch) -> Written:
        with closing(reading.write()) as tokens:
            next(tokens)
        return Written("", self.vocabulary.end_of_text)


def scripted(components: Components, script: reference.Script, arrange: bool) -> GoTPipeline:
    """A pipeline whose planner keeps to the script."""
    pipe = GoTPipeline(components, arrange)
    usual = pipe.planner
    pipe.planner = ScriptedPlanner(usual.mllm, usual.vocabulary, usual.source_processor)
    pipe.planner.script = script
    return pipe


def random_model(small: bool, device: torch.device, dtype: torch.dtype, steps: int) -> Components:
    """GoT-6B's networks as their makers initialize them, made on the device and put into the machine's memory."""
    words = tokenizer()
    add_got_tokens(words)
    torch.manual_seed(0)
    torch.set_default_dtype(dtype)  # not `.to(dtype)`, which would take the rotary frequencies along
    with device:
        mllm = Qwen2_5_VLForConditionalGeneration(Qwen2_5_VLConfig.from_dict(config("mllm", small)))
    unet, vae = empty_unet(config("unet", small) | {"in_channels": 12}), empty_vae(config("vae", small))
    projectors = empty_projectors(mllm, unet)
    torch.set_default_dtype(torch.float32)
    for model in (unet, vae, projectors):
        model.to_empty(device=device)
        for name, weight in model.named_parameters():
            norm = weight.ndim == 1 and name.endswith("weight")
            torch.nn.init.ones_(weight) if norm else torch.nn.init.normal_(weight, std=0.02)
    for model in cast(list[torch.nn.Module], [mllm, unet, vae, projectors]):
        model.to("cpu").eval()
    mllm.generation_config = GenerationConfig(**config("generation", small))
    side, source = (64, 56) if small else (1024, 448)
    return Components(
        GoTConfig("random", source_size=source, image_size=side, defaults=Defaults(steps)),
        words,
        Qwen2VLImageProcessorPil(**config("preprocessor", small)),
        mllm,
        unet,
        vae,
        config("scheduler", small),
        projectors.output_projector,
        projectors.output_projector_add,
    )


@dataclass
class Clock:
    """Seconds of each stage, once the device has done all that it was asked."""

    device: torch.device
    seconds: dict[str, float] = field(default_factory=dict)
    stage: str = ""
    since: float = 0.0

    def begin(self, stage: str) -> None:
        """The stage before it is over."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        now = time.perf_counter()
        if self.stage:
            self.seconds[self.stage] = self.seconds.get(self.stage, 0.0) + now - self.since
        self.stage, self.since = stage, now


@dataclass
class Bench:
    """One model and one edit; every way gives (seconds by stage, the picture)."""

    pipe: GoTPipeline
    plain: GoTPipeline | None
    """The same model, nothing of it laid out or compiled, for the plain loop."""
    source: Image.Image
    device: torch.device

    def draw(self, way: str) -> tuple[dict[str, float], Image.Image]:
        """The edit, planned and drawn."""
        clock = Clock(self.device)
        self.pipe.encode.forget()  # each way encodes its pictures itself
        if way == "plain loop":
            assert self.plain is not None
            given = {"script": cast(ScriptedPlanner, self.plain.planner).script, "on_stage": clock.begin}
            _, picture = reference.edit(self.plain, INSTRUCTION, self.source, SCALES, **given)
        else:
            clock.begin("plan")
            options = {"preset": way, "guidance_scales": SCALES, "on_drawing": clock.begin}
            picture = self.pipe(INSTRUCTION, self.source, **options).images[0]
        clock.begin("")
        return clock.seconds, picture


def measure(bench: Bench, pairs: int, say: Callable[[dict[str, Any]], None]) -> None:
    """Each way `pairs` times, in turn."""
    taken: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    weights = sum(map(weight_bytes, bench.pipe._parts()))  # of the model that a way does not use, which is there too
    peaks, pictures = {}, {}
    for _ in range(pairs):
        for way in WAYS:
            _reset_peak(bench.device)
            seconds, pictures[way] = bench.draw(way)
            taken[way].append(seconds)
            peaks[way] = _peak(bench.device, beside=weights)
        say({"pairs": len(taken["exact"]), "ways": {way: _figures(way, taken, peaks, pictures) for way in WAYS}})


def _figures(
    way: str, taken: dict[str, list[dict[str, float]]], peaks: dict[str, int], pictures: dict[str, Image.Image]
) -> dict[str, Any]:
    totals = {name: [sum(seconds.values()) for seconds in rows] for name, rows in taken.items()}
    ratios = [plain / ours for plain, ours in zip(totals["plain loop"], totals[way], strict=False)]
    apart = np.abs(np.asarray(pictures["plain loop"], int) - np.asarray(pictures[way], int))
    stages = {stage: round(median(row.get(stage, 0.0) for row in taken[way]), 3) for stage in taken[way][0]}
    return {
        "seconds": round(median(totals[way]), 3),
        "ratio": round(median(ratios), 2),
        "stages": stages,
        "peak_megabytes": peaks[way],
        "levels_apart": {"most": int(apart.max()), "mean": round(float(apart.mean()), 3)},
    }


def in_tier(bench: Bench, gigabytes: float | None) -> dict[str, Any]:
    """The default in the tier that a card of that memory gets, its memory capped to it; None: what the device has."""
    pipe = bench.pipe
    memory = device_memory(bench.device) if gigabytes is None else int(gigabytes * 1e9)
    if memory and bench.device.type == "cuda":
        total = torch.cuda.get_device_properties(bench.device).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, memory / total), bench.device)
    pipe.use_memory(memory, bench.device)
    started = time.perf_counter()
    pipe.warm_up()
    warm = time.perf_counter() - started
    _reset_peak(bench.device)
    seconds, _ = bench.draw("exact")
    stages = {stage: round(value, 3) for stage, value in seconds.items()}
    return {
        "tier": pipe.residence.tier.name,
        "warm_up_seconds": round(warm, 1),
        "seconds": round(sum(seconds.values()), 3),
        "stages": stages,
        "peak_megabytes": _peak(bench.device),
    }


def _reset_peak(device: torch.device) -> None:
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def _peak(device: torch.device, beside: int = 0) -> int:
    """Megabytes, but for so many bytes beside what is measured; on the CPU of all that the process ever had."""
    if device.type == "cuda":
        return (torch.cuda.max_memory_allocated(device) - beside) // 10**6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000  # kilobytes, on Linux


def main() -> None:
    """Prints the figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.card", description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--small", action="store_true", help="the same with a tiny model")
    parser.add_argument("--tokens", type=int, default=300, help="of the chain")
    parser.add_argument("--steps", type=int, default=50, help="of the plain loop and the default")
    parser.add_argument("--pairs", type=int, default=3, help="with 0, nothing but the tiers")
    parser.add_argument("--weights", choices=list(WEIGHTS), default="exact", help="what the default's UNet has")
    parser.add_argument("--caps", type=float, nargs="*", default=[24, 16, 12, 8], help="gigabytes")
    parser.add_argument("--json", type=Path, help="write the figures here, anew after each")
    args = parser.parse_args()
    device = torch.device(args.device)
    dtype = torch.float32 if args.small and device.type == "cpu" else torch.bfloat16
    components = random_model(args.small, device, dtype, args.steps)
    script = reference.Script(args.tokens, CHAIN)
    plain = scripted(deepcopy(components), script, arrange=False) if args.pairs else None
    if kind := kind_of_weights(args.weights, device, dtype):
        shrink_unet(components.unet, kind, device)
    pipe = scripted(components, script, arrange=True)
    noise = np.random.default_rng(0).integers(0, 256, (48, 48, 3), dtype=np.uint8)
    side = pipe.config.image_size
    bench = Bench(pipe, plain, Image.fromarray(noise).resize((side, side), Image.Resampling.BICUBIC), device)
    said: dict[str, Any] = {"device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"}

    def say(figures: dict[str, Any]) -> None:
        said.update(figures)
        if args.json:
            args.json.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")

    say({"all of it": in_tier(bench, None)})
    if plain:
        plain.use(RESIDENT, device)
        measure(bench, args.pairs, say)
        bench.plain = plain = None  # the caps are for the other one alone
    for gigabytes in args.caps:
        try:
            say({f"{gigabytes:g} GB": in_tier(bench, gigabytes)})
        except torch.OutOfMemoryError as error:
            say({f"{gigabytes:g} GB": {"tier": pipe.residence.tier.name, "out_of_memory": str(error)}})
    print(json.dumps(said, indent=2))


if __name__ == "__main__":
    main()
