"""What the user reads: the progress of a job, a layer's name, a box in the list."""

from __future__ import annotations

from dataclasses import dataclass

from engine.api.chain import NO_REGION, Chain, Region
from engine.api.protocol import BoxFound, Event, Loading, Note, Planning, Queued, Started, Step, Token, Writing


@dataclass(frozen=True)
class Progress:
    """Where a job is: a line, and how much of the stage is done (None: nobody knows)."""

    text: str
    part: float | None = None


def progress(event: Event) -> Progress | None:
    """The line for an event; None: the line stays."""
    if isinstance(event, Queued) and event.position:
        return Progress(f"Waiting: {event.position} before this one")
    if isinstance(event, Started) and event.attempt > 1:
        return Progress("The engine was started anew; the work goes on")
    if isinstance(event, Loading) and event.total:
        return Progress(f"Loading {event.model}", event.done / event.total)
    if isinstance(event, (Planning, Token, BoxFound)):
        return Progress("Planning")
    if isinstance(event, Step):
        return Progress(
            f"Step {event.step} of {event.total}, {time_left(event.seconds_left)}", event.step / event.total
        )
    if isinstance(event, Writing):
        return Progress("Putting the result together", 1.0)
    return Progress(event.text) if isinstance(event, Note) else None


def time_left(seconds: float) -> str:
    """ "8 s left", "2 min left" """
    return f"{seconds:.0f} s left" if seconds < 90 else f"{seconds / 60:.0f} min left"


def layer_name(instruction: str) -> str:
    """ "GoT: " and the first 40 characters of the instruction, on one line."""
    line = " ".join("".join(c if c.isprintable() else " " for c in instruction).split())
    return f"GoT: {line if len(line) <= 40 else line[:39] + '…'}"


def region_line(region: Region) -> str:
    """A box in the list: its number, its words, and whether it changes."""
    what = region.phrase or "(no words)"
    return f"{region.id + 1}  {what}  –  {region.color if region.is_mask else 'only looked at'}"


def plan_line(chain: Chain, edit: bool = True) -> str:
    """What is to be known of a plan before it is drawn: what is broken in it, or that everything changes; or ""."""
    broken = [problem for problem in chain.problems if problem.code != "no_color"]  # only looked at, says the list
    problem = chain.lost or next(iter(broken), None)
    if problem:
        return f"{problem.message} {problem.remedy}"
    return NO_REGION if edit and chain.text and chain.changes_everything else ""
