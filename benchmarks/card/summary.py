"""Formats the measurements as the tables of docs/evidence.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from benchmarks.card.edits import WAYS
from benchmarks.card.parts import PARTS, Figures

NOTHING = "*not measured*"


def summary(parts: dict[str, Figures]) -> str:
    """Markdown, with a section for each part that has figures."""
    gpu = parts.get("card", {})
    lines = [f"{gpu.get('name', 'cpu')}, torch {gpu.get('torch', NOTHING)}"]
    for name, part in PARTS.items():
        figures = parts.get(name, {})
        if figures:
            lines += ["", f"**{part.about}** ({figures.get('ended', 'not ended')}, {figures.get('took', '?')} s)", ""]
            lines += _SECTIONS[name](figures)
    return "\n".join(lines)


def _tests(figures: Figures) -> Iterable[str]:
    outcomes = figures.get("outcomes", {})
    counts = Counter(outcomes.values())
    yield ", ".join(f"{count} {word}" for word, count in counts.items()) or NOTHING
    yield from (f"- {outcome}: {name}" for name, outcome in outcomes.items() if outcome in ("failed", "error"))


def _edits(figures: Figures) -> Iterable[str]:
    ways = figures.get("ways")
    if not ways:
        yield NOTHING
        return
    stages = list(ways["exact"]["stages"])
    yield from _table(
        ["", *WAYS],
        [
            ["seconds", *(ways[way]["seconds"] for way in WAYS)],
            *([stage, *(ways[way]["stages"].get(stage, 0) for way in WAYS)] for stage in stages),
            ["the first time", *(ways[way].get("first_seconds", NOTHING) for way in WAYS)],
            ["speed-up over the plain loop", *(ways[way]["ratio"] for way in WAYS)],
            ["megabytes at the peak", *(ways[way]["peak_megabytes"] for way in WAYS)],
            ["levels apart, mean (most)", *(_apart(ways[way]) for way in WAYS)],
        ],
    )


def _apart(figures: Figures) -> str:
    return f"{figures['levels_apart']['mean']} ({figures['levels_apart']['most']})"


def _kernels(figures: Figures) -> Iterable[str]:
    for name, rows_by_way in figures.items():
        if isinstance(rows_by_way, dict):
            yield from _table([name, ""], [[way, _flat(value)] for way, value in rows_by_way.items()])
            yield ""
    rows = [[row["share"], row["calls"], f"`{row['kernel']}`"] for row in figures.get("kernels", [])]
    yield from _table(["share", "calls", "kernel"], rows)


def _flat(value: object) -> str:
    return ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)


def _tiers(figures: Figures) -> Iterable[str]:
    capped = {name: values for name, values in figures.items() if isinstance(values, dict)}
    keys = ("tier", "seconds", "first_seconds", "warm_up_seconds", "peak_megabytes")
    yield from _table(
        ["memory capped to", "tier", "seconds", "the first time", "warm-up", "megabytes at the peak", "stages"],
        [
            [
                name,
                *(values.get(key, NOTHING) for key in keys),
                _flat(values.get("stages", values.get("out_of_memory", ""))),
            ]
            for name, values in capped.items()
        ],
    )


def _training(figures: Figures) -> Iterable[str]:
    ways = {name: values for name, values in figures.items() if isinstance(values, dict)}
    yield from _table(["way", "figures"], [[name, _flat(values)] for name, values in ways.items()])


def _table(head: list[str], rows: list[list[object]]) -> Iterable[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(map(str, row))} |"


_SECTIONS = {
    "tests": _tests,
    "edits": _edits,
    "kernels": _kernels,
    "tiers": _tiers,
    "lora": _training,
    "mini": _training,
}
