"""What is said when the work is done: JSON for programs, a line a file for people."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.table import Table

from got_desktop import chain_words
from got_desktop.outcome import Outcome
from got_desktop.progress import Progress
from got_desktop.times import Times


def print_json(value: Any) -> None:  # noqa: ANN401 - any JSON value
    """A JSON value on stdout; ASCII only, so that no terminal's encoding can spoil it."""
    print(json.dumps(value, indent=2))


def outcome_as_json(outcome: Outcome, progress: Progress) -> dict[str, Any]:
    """All that a program may want to know of a request."""
    return outcome.facts | {
        "problems": chain_words.problems(outcome.chain),
        "written": {what: str(path) for what, path in outcome.written.items()},
        "notes": progress.notes,
        "seconds": {stage: round(seconds, 3) for stage, seconds in progress.seconds.items()},
        "profile": outcome.times.as_json() if outcome.times else {},
    }


def print_written(outcome: Outcome, progress: Progress) -> None:
    """Which files there are now."""
    for path in outcome.written.values():
        progress.console.print(f"Wrote {path}", markup=False, soft_wrap=True)


def print_profile(times: Times) -> None:
    """What the engine's time went into, a line a stage, on stdout."""
    steps = times.steps
    details = {
        "plan": f"{times.tokens} tokens, {times.token_rate:.0f} a second" if times.tokens else "the chain was given",
        "steps": f"{len(steps)}: the first {steps[0]:.3f} s, the median {times.usual_step:.3f} s",
    }
    rows = [[name, f"{seconds:.3f}", details.get(name, "")] for name, seconds in times.stages.items()]
    print_table(["stage", "seconds", ""], rows)


def print_table(columns: list[str], rows: list[list[str]]) -> None:
    """A table on stdout."""
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*row)
    Console(highlight=False, soft_wrap=True).print(table)
