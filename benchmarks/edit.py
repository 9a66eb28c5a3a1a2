"""`python -m benchmarks.edit`: times an edit with the paper's plain loop, the defaults and the fast preset.

All variants alternate in one process, so that other load on the machine affects them equally. Prints JSON: for each
variant the median wall-clock and CPU seconds, the speed-ups over the plain loop (the medians of the pairs' ratios), the
difference of its picture from the plain loop's, and the peak memory. "moved box" is the chain of a whole edit, rendered
again with its box moved.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks import reference
from engine.api.chain import Box, Chain
from engine.got import GoTPipeline, GuidanceScales
from engine.models.catalog import resolve

SAMPLES = Path(__file__).parents[1] / "resources" / "samples"
SIZES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class Bench:
    """An edit that all variants run."""

    pipe: GoTPipeline
    instruction: str
    source: Image.Image
    scales: GuidanceScales | None

    def plain(self) -> tuple[Chain, Image.Image]:
        """The edit as in the paper's code."""
        return reference.edit(self.pipe, self.instruction, self.source, self.scales)

    def whole(self, preset: str) -> tuple[Chain, Image.Image]:
        """The edit, planned and rendered by the pipeline, without cached encodings."""
        self.pipe.renderer.encode.forget()
        result = self.pipe(self.instruction, self.source, preset=preset, guidance_scales=self.scales)
        return result.chain, result.images[0]

    def moved(self, chain: Chain, times: int) -> tuple[Chain, Image.Image]:
        """Renders the chain again with its edit box moved, to a new place each time."""
        number = next(region.id for region in chain.mask_regions(0))
        other = chain.resize(number, Box(100, 100, 500 + times, 500))
        options = {"instruction": self.instruction, "guidance_scales": self.scales}
        return other, self.pipe.render(other, self.source, **options)[0]


@dataclass
class Times:
    """Timings of one variant, pair by pair, and its result."""

    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    picture: Image.Image | None = None
    chain: Chain | None = None

    def take(self, draw: Callable[[], tuple[Chain, Image.Image]]) -> None:
        clock, processor = time.perf_counter(), time.process_time()
        self.chain, self.picture = draw()  # the picture is on the CPU, so the device has finished
        self.clock.append(time.perf_counter() - clock)
        self.processor.append(time.process_time() - processor)


def measure(bench: Bench, pairs: int) -> Iterator[dict[str, Times]]:
    """Runs each variant `pairs` times, alternately. Yields all timings after each round."""
    chain, _ = bench.whole("exact")
    ways: dict[str, Callable[[], tuple[Chain, Image.Image]]] = {
        "plain loop": bench.plain,
        "default": lambda: bench.whole("exact"),
        "fast": lambda: bench.whole("fast"),
        "moved box": lambda: bench.moved(chain, len(times["moved box"].clock)),
    }
    times = {way: Times() for way in ways}
    for _ in range(pairs):
        for way, draw in ways.items():
            times[way].take(draw)
        yield times


def report(times: dict[str, Times]) -> dict[str, Any]:
    """The figures of each variant."""
    plain = times["plain loop"]
    figures = {}
    for way, timings in times.items():
        figures[way] = {
            "seconds": round(median(timings.clock), 3),
            "processor_seconds": round(median(timings.processor), 3),
            "ratio": round(median(a / b for a, b in zip(plain.clock, timings.clock, strict=True)), 2),
            "processor_ratio": round(median(a / b for a, b in zip(plain.processor, timings.processor, strict=True)), 2),
        }
        if way != "moved box":
            figures[way] |= {"same_chain": plain.chain == timings.chain, **_difference(plain.picture, timings.picture)}
    return figures


def _difference(one: Image.Image | None, other: Image.Image | None) -> dict[str, float]:
    difference = np.abs(np.asarray(one, dtype=int) - np.asarray(other, dtype=int))
    return {"levels_apart_most": int(difference.max()), "levels_apart_mean": round(float(difference.mean()), 4)}


def peak_memory(way: str, arguments: list[str]) -> int:
    """Peak memory in megabytes of one edit, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.edit", *arguments, "--once", way]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def main() -> None:
    """Prints the figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.edit", description=__doc__)
    parser.add_argument("--model", default="got-mini")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", choices=list(SIZES), default="float32")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--image", type=Path, default=SAMPLES / "meadow.png")
    parser.add_argument("--instruction", default="replace the pink leaf with an umbrella")
    parser.add_argument("--scales", type=float, nargs=3, metavar=("SEMANTIC", "SPATIAL", "REFERENCE"))
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--json", type=Path, help="write the figures here, anew after each pair")
    parser.add_argument("--memory", action="store_true", help="also the peak memory of each way")
    parser.add_argument("--once", choices=["plain", "exact", "fast"], help="one edit; prints the peak memory in MB")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    pipe = GoTPipeline.from_pretrained(resolve(args.model), device=args.device, dtype=SIZES[args.dtype])
    scales = GuidanceScales(*args.scales) if args.scales else None
    bench = Bench(pipe, args.instruction, Image.open(args.image).convert("RGB"), scales)
    if args.once:
        bench.plain() if args.once == "plain" else bench.whole(args.once)
        print(_peak(pipe.renderer.unet.device))
        return
    figures: dict[str, Any] = {}
    for number, times in enumerate(measure(bench, args.pairs), start=1):
        figures = {"machine": _machine(pipe.renderer.unet.device), "pairs": number, **report(times)}
        if args.json:
            args.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    if args.memory:
        figures["peak_megabytes"] = {way: peak_memory(way, sys.argv[1:]) for way in ("plain", "exact", "fast")}
    print(json.dumps(figures, indent=2))


def _peak(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) // 10**6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000  # kilobytes, on Linux


def _machine(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}"


if __name__ == "__main__":
    main()
