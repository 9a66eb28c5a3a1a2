"""`python -m training.curves RUNS OUTPUT`: plots the losses of a run as one picture.

A run from scratch gets one panel per phase. A fine-tuning gets one panel with its losses and one for each metric on
the held-out pairs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # works without a display
from matplotlib import pyplot

from engine.api.errors import EngineError, RequestError
from training.scratch.config import PHASES

_NOT_LOSSES = {"time", "step", "samples_per_second", "learning_rate"}
_HELD_OUT = "held_out_"
_DECIBELS = {"psnr"}


def read_log(path: Path) -> dict[str, list[tuple[int, float]]]:
    """Returns the (step, value) points of each curve by name.

    If a resumed run logged a step twice, the last value counts.
    """
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    curves: dict[str, dict[int, float]] = {}
    for row in rows:
        for name, value in row.items():
            if name not in _NOT_LOSSES:
                curves.setdefault(name, {})[row["step"]] = value
    return {name: sorted(points.items()) for name, points in curves.items()}


def read_runs(runs: Path) -> dict[str, dict[str, list[tuple[int, float]]]]:
    """Returns the curves of each panel, by the panel's title. Raises RequestError if `runs` contains no run."""
    if (runs / "log.jsonl").exists():
        curves = read_log(runs / "log.jsonl")
        losses = {name: points for name, points in curves.items() if not name.startswith(_HELD_OUT)}
        return {"losses": losses} | {name: {name: curves[name]} for name in curves if name not in losses}
    logs = {phase: read_log(path) for phase in PHASES if (path := runs / phase / "log.jsonl").exists()}
    if not logs:
        raise RequestError(
            "run_unknown", "There is no run in {runs}.", "Use the folder of a run, such as runs/my-edit.", runs=runs
        )
    return {phase: {n: p for n, p in curves.items() if n not in _DECIBELS} for phase, curves in logs.items()}


def draw(runs: Path, output: Path) -> None:
    """Plots the curves over the steps, losses on a logarithmic scale. Raises RequestError if there is no run."""
    logs = read_runs(runs)
    columns = min(4, len(logs))
    rows = -(-len(logs) // columns)
    figure, panels = pyplot.subplots(rows, columns, figsize=(4.2 * columns, 3.2 * rows), squeeze=False)
    for panel in panels.flat[len(logs) :]:
        panel.axis("off")
    for panel, (phase, curves) in zip(panels.flat, logs.items(), strict=False):
        for name, points in curves.items():
            held_out = name.startswith(_HELD_OUT)
            panel.plot(
                *zip(*points, strict=True), "o--" if held_out else "-", label=name.replace("_", " "), markersize=3
            )
        panel.set(title=phase, xlabel="step", yscale="linear" if phase.startswith(_HELD_OUT) else "log")
        panel.legend(fontsize=7)
        panel.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(output, dpi=110)
    pyplot.close(figure)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.curves", description=__doc__)
    parser.add_argument("runs", type=Path, help="for example runs/got-mini")
    parser.add_argument("output", type=Path, help="for example docs/images/got-mini-curves.png")
    args = parser.parse_args(argv)
    try:
        draw(args.runs, args.output)
    except EngineError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
