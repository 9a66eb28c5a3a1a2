"""Output after the work is done: JSON for programs, one line per file for users."""

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
    """Prints a JSON value to stdout, in ASCII so that it does not depend on the terminal's encoding."""
    print(json.dumps(value, indent=2))


def outcome_as_json(outcome: Outcome, progress: Progress) -> dict[str, Any]:
    """The outcome of a request as JSON values."""
    return outcome.facts | {
        "problems": chain_words.problems(outcome.chain),
        "written": {what: str(path) for what, path in outcome.written.items()},
        "notes": progress.notes,
        "seconds": {stage: round(seconds, 3) for stage, seconds in progress.seconds.items()},
        "profile": outcome.times.as_json() if outcome.times else {},
    }


def print_written(outcome: Outcome, progress: Progress) -> None:
    """Prints the files that were written."""
    for path in outcome.written.values():
        progress.console.print(f"Wrote {path}", markup=False, soft_wrap=True)


def print_profile(times: Times) -> None:
    """Prints the engine's time to stdout, one line per stage."""
    steps = times.steps
    details = {
        "plan": f"{times.tokens} tokens, {times.token_rate:.0f} per second"
        if times.tokens
        else "chain read from a file",
        "steps": f"{len(steps)} steps: first {steps[0]:.3f} s, median {times.median_step:.3f} s",
    }
    rows = [[name, f"{seconds:.3f}", details.get(name, "")] for name, seconds in times.stages.items()]
    print_table(["stage", "seconds", ""], rows)


def print_table(columns: list[str], rows: list[list[str]]) -> None:
    """Prints a table to stdout."""
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*row)
    Console(highlight=False, soft_wrap=True).print(table)
