"""An edit by the paper's plain loop, the default and the fast preset, in one process and in turn.

For each: seconds by stage, the speed-up over the plain loop, how much its picture differs, and the peak memory.
"""

from __future__ import annotations

import time
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.card.model import Bench, peak, reset_peak
from benchmarks.card.parts import Options, Say
from engine.got.residence.tiers import RESIDENT, device_memory, weight_bytes

WAYS = ("plain loop", "exact", "fast")


def measure(options: Options, say: Say) -> None:
    """The ways take turns, so often as there is time for."""
    end = time.monotonic() + options.seconds
    bench = Bench.make(options, beside_plain=True)
    assert bench.plain is not None
    bench.pipe.use_memory(device_memory(bench.device), bench.device)
    bench.plain.use(RESIDENT, bench.device)
    say({"tier": bench.pipe.residence.tier.name, "warm_up_seconds": warm_up(bench)})
    taken: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    weights = sum(map(weight_bytes, bench.pipe._parts()))  # of the model that a way does not use, which is there too
    peaks, pictures, longest = {}, {}, 0.0
    for pair in range(options.pairs):
        started = time.monotonic()
        if pair and started + longest > end:
            break
        for way in WAYS:
            reset_peak(bench.device)
            seconds, pictures[way] = bench.draw(way)
            taken[way].append(seconds)
            peaks[way] = peak(bench.device, beside=weights)
        say({"pairs": pair + 1, "ways": {way: _figures(way, taken, peaks, pictures) for way in WAYS}})
        longest = max(longest, time.monotonic() - started)


def warm_up(bench: Bench) -> float:
    started = time.monotonic()
    bench.pipe.warm_up()
    return round(time.monotonic() - started, 1)


def _figures(
    way: str, taken: dict[str, list[dict[str, float]]], peaks: dict[str, int], pictures: dict[str, Image.Image]
) -> dict[str, Any]:
    later = {name: rows[1:] or rows for name, rows in taken.items()}  # the first time has more to do
    totals = {name: [sum(seconds.values()) for seconds in rows] for name, rows in later.items()}
    ratios = [plain / ours for plain, ours in zip(totals["plain loop"], totals[way], strict=False)]
    apart = np.abs(np.asarray(pictures["plain loop"], int) - np.asarray(pictures[way], int))
    stages = {stage: round(median(row.get(stage, 0.0) for row in later[way]), 3) for stage in later[way][0]}
    return {
        "seconds": round(median(totals[way]), 3),
        "ratio": round(median(ratios), 2),
        "stages": stages,
        "first_seconds": round(sum(taken[way][0].values()), 3),
        "peak_megabytes": peaks[way],
        "levels_apart": {"most": int(apart.max()), "mean": round(float(apart.mean()), 3)},
    }
