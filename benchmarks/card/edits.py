"""An edit by the paper's plain loop, with the default options and with the fast preset, alternating in one process.

For each: seconds per stage, the speed-up over the plain loop, the difference of its picture, and the peak memory.
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
    """Runs the variants alternately, as often as time permits."""
    end = time.monotonic() + options.seconds
    bench = Bench.make(options, beside_plain=True)
    assert bench.plain is not None
    bench.pipe.use_memory(device_memory(bench.device), bench.device)
    bench.plain.use(RESIDENT, bench.device)
    say({"tier": bench.pipe.residence.tier.name, "warm_up_seconds": warm_up(bench)})
    timings: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    weights = sum(map(weight_bytes, bench.pipe._parts()))  # of the other model, which is in memory, too
    peaks, pictures, longest = {}, {}, 0.0
    for pair in range(options.pairs):
        started = time.monotonic()
        if pair and started + longest > end:
            break
        for way in WAYS:
            reset_peak(bench.device)
            seconds, pictures[way] = bench.draw(way)
            timings[way].append(seconds)
            peaks[way] = peak(bench.device, beside=weights)
        say({"pairs": pair + 1, "ways": {way: _figures(way, timings, peaks, pictures) for way in WAYS}})
        longest = max(longest, time.monotonic() - started)


def warm_up(bench: Bench) -> float:
    started = time.monotonic()
    bench.pipe.warm_up()
    return round(time.monotonic() - started, 1)


def _figures(
    way: str, timings: dict[str, list[dict[str, float]]], peaks: dict[str, int], pictures: dict[str, Image.Image]
) -> dict[str, Any]:
    later = {name: rows[1:] or rows for name, rows in timings.items()}  # the first run includes one-time work
    totals = {name: [sum(seconds.values()) for seconds in rows] for name, rows in later.items()}
    ratios = [plain / seconds for plain, seconds in zip(totals["plain loop"], totals[way], strict=False)]
    difference = np.abs(np.asarray(pictures["plain loop"], int) - np.asarray(pictures[way], int))
    stages = {stage: round(median(row.get(stage, 0.0) for row in later[way]), 3) for stage in later[way][0]}
    return {
        "seconds": round(median(totals[way]), 3),
        "ratio": round(median(ratios), 2),
        "stages": stages,
        "first_seconds": round(sum(timings[way][0].values()), 3),
        "peak_megabytes": peaks[way],
        "levels_apart": {"most": int(difference.max()), "mean": round(float(difference.mean()), 3)},
    }
