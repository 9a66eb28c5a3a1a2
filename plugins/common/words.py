"""Texts for the user: the progress of a job, a layer's name, a box in the list."""

from __future__ import annotations

from dataclasses import dataclass

from engine.api import language
from engine.api.advice import advice
from engine.api.chain import Chain, Region
from engine.api.language import translate
from engine.api.origin import Origin
from engine.api.protocol import BoxFound, Event, Loading, Note, Planning, Queued, Started, Step, Token, Writing


@dataclass(frozen=True)
class Progress:
    """The progress of a job: a line of text and the finished share of the stage (None: unknown)."""

    text: str
    part: float | None = None


def progress(event: Event) -> Progress | None:
    """The line for an event. None: the line does not change."""
    if isinstance(event, Queued) and event.position:
        return Progress(translate("Waiting: {count} ahead of this one", count=event.position))
    if isinstance(event, Started) and event.attempt > 1:
        return Progress(translate("The engine was restarted; the work continues"))
    if isinstance(event, Loading) and event.total:
        return Progress(translate("Loading {model}", model=event.model), event.done / event.total)
    if isinstance(event, (Planning, Token, BoxFound)):
        return Progress(translate("Planning"))
    if isinstance(event, Step):
        return _step_line(event)
    if isinstance(event, Writing):
        return Progress(translate("Assembling the result"), 1.0)
    return Progress(language.note(event)) if isinstance(event, Note) else None


def _step_line(step: Step) -> Progress:
    """The progress of a step, as part of all candidates."""
    left = time_left(step.seconds_left)
    part = (step.candidate + step.step / step.total) / step.candidates
    if step.candidates == 1:
        return Progress(translate("Step {step} of {total}, {left}", step=step.step, total=step.total, left=left), part)
    line = translate(
        "Candidate {candidate} of {candidates}, step {step} of {total}, {left}",
        candidate=step.candidate + 1,
        candidates=step.candidates,
        step=step.step,
        total=step.total,
        left=left,
    )
    return Progress(line, part)


def time_left(seconds: float) -> str:
    """ "8 s left", "2 min left" """
    if seconds < 90:
        return translate("{seconds:.0f} s left", seconds=seconds)
    return translate("{minutes:.0f} min left", minutes=seconds / 60)


def layer_name(instruction: str) -> str:
    return f"GoT: {short(instruction)}"


def short(instruction: str) -> str:
    """The first 40 characters of the instruction, on one line."""
    line = " ".join("".join(c if c.isprintable() else " " for c in instruction).split())
    return line if len(line) <= 40 else line[:39] + "…"


def region_line(region: Region) -> str:
    """A box in the list: its number, its phrase and whether it changes."""
    what = region.phrase or translate("(no phrase)")
    # the color is a word of the chain, which the user reads and writes untranslated
    return f"{region.id + 1}  {what}  –  {region.color if region.is_mask else translate('not edited')}"


def plan_line(chain: Chain, origin: Origin, everywhere: bool = False) -> str:
    """What the user should know before a plan is drawn: advice on the whole, and its first problem. Else "".

    `everywhere` means that the whole picture may change.
    """
    problems = [problem for problem in chain.problems if problem.code != "no_color"]  # the list says “not edited”
    lines = [language.note(note) for note in advice(chain, origin, everywhere)]
    lines += [language.sentence(problem) for problem in ([chain.lost] if chain.lost else problems[:1])]
    return "\n".join(lines)
