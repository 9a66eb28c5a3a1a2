"""What the engine is doing for a window: the current stage and how far it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.api.protocol import Event, Loading, Planning, Queued, Step, Writing


@dataclass(frozen=True)
class Activity:
    """The engine's current work for this window."""

    kind: str
    """ "plan", "draw" or "both"."""
    stage: str = "send"
    """ "send", "wait", "load", "plan", "draw", "write", "fetch" or "cancel"."""
    done: int = 0
    total: int = 0
    """The stage's total; 0: not known."""
    seconds_left: float | None = None
    step_seconds: float = 0.0
    """Duration of the last denoising step; 0: not known."""
    position: int = 0
    """Number of jobs ahead in the engine's queue."""
    turn: int = 0
    candidate: int = 0
    candidates: int = 1
    attempt: int = 1
    """Greater than 1: the engine was restarted, and the job continues."""

    @property
    def part(self) -> tuple[int, int]:
        """How much of the stage is done, and of how much; drawing counts the steps of all candidates."""
        many = self.candidates if self.stage == "draw" else 1
        return (self.candidate * self.total if many > 1 else 0) + self.done, many * self.total


def after(event: Event, now: Activity) -> Activity:
    """The activity after an event."""
    if isinstance(event, Queued):
        return replace(now, stage="wait", position=event.position)
    if isinstance(event, Loading) and event.total:
        return replace(now, stage="load", done=event.done, total=event.total)
    if isinstance(event, Planning):
        return replace(now, stage="plan", turn=event.turn, done=0, total=0, seconds_left=None)
    if isinstance(event, Step):
        part = {"done": event.step, "total": event.total, "seconds_left": event.seconds_left}
        where = {"turn": event.turn, "candidate": event.candidate, "candidates": event.candidates}
        return replace(now, stage="draw", step_seconds=event.seconds, **part, **where)
    if isinstance(event, Writing):
        return replace(now, stage="write", done=0, total=0, seconds_left=None)
    return now
