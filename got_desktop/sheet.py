"""A sheet that shows source, plan and result side by side."""

from __future__ import annotations

from pathlib import Path

from got_desktop import chain_words
from got_desktop.outcome import Outcome


def write(outcome: Outcome, path: Path, footer: str) -> None:
    """Writes source, plan, result and chain as one PNG, replacing an existing file."""
    from engine.imaging.decode import on_white
    from engine.imaging.overlay import draw_plan, marks_of_turn
    from engine.imaging.save import encode, write_files
    from engine.imaging.sheet import comparison_sheet

    assert outcome.source and outcome.result
    plan = draw_plan(outcome.source, marks_of_turn(outcome.chain, 0, outcome.source.size), legend=False)
    pictures = [("Source", outcome.source), ("Plan", plan), ("Result", on_white(outcome.result))]
    sheet = comparison_sheet(pictures, outcome.facts["instruction"], chain_words.readable(outcome.chain), footer)
    write_files({path: encode(sheet, ".png")}, overwrite=True)
