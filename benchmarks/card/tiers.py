"""The default with the offload policy for a given amount of GPU memory, with the memory limited to it."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from benchmarks.card.edits import warm_up
from benchmarks.card.model import Bench, peak, reset_peak
from benchmarks.card.parts import Figures, Options, Say
from engine.got.residence.tiers import RESIDENT


def measure(options: Options, say: Say) -> None:
    """From the most memory to the least, because quantizing the planner cannot be undone."""
    bench = Bench.make(options, beside_plain=False)
    for gigabytes in sorted(options.caps, reverse=True):
        name = f"{gigabytes:g} GB"
        try:
            for figures in _capped(bench, gigabytes):
                say({name: figures})
        except torch.OutOfMemoryError as error:
            say({name: {"tier": bench.pipe.residence.tier.name, "out_of_memory": str(error)}})


def _capped(bench: Bench, gigabytes: float) -> Iterator[Figures]:
    """Measures a first edit, and then a second one without the one-time work."""
    pipe, memory = bench.pipe, int(gigabytes * 1e9)
    if bench.device.type == "cuda":
        pipe.use(RESIDENT, torch.device("cpu"))  # like a model that has just been loaded
        reset_peak(bench.device)
        total = torch.cuda.get_device_properties(bench.device).total_memory
        torch.cuda.set_per_process_memory_fraction(min(1.0, memory / total), bench.device)
    pipe.use_memory(memory, bench.device)
    figures: Figures = {"tier": pipe.residence.tier.name, "warm_up_seconds": warm_up(bench)}
    for name in ("first_seconds", "seconds"):
        reset_peak(bench.device)
        stages, _ = bench.draw("exact")
        figures |= {
            name: round(sum(stages.values()), 3),
            "stages": {stage: round(value, 3) for stage, value in stages.items()},
            "peak_megabytes": peak(bench.device),
        }
        yield dict(figures)
