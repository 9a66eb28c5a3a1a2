"""Plan, review, apply: the engine's jobs for the document, and their results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from engine.api import language
from engine.api.chain import CHAIN_PROBLEM
from engine.api.client import EngineClient
from engine.api.errors import Cancelled, EngineError
from engine.api.options import arguments
from engine.api.origin import Origin
from engine.api.protocol import (
    AdapterUse,
    EditOptions,
    EditRequest,
    Event,
    GenerateOptions,
    GenerateRequest,
    JobRequest,
    JobResult,
    Loading,
    Planning,
    PlanRequest,
    Preview,
    Queued,
    Started,
    Step,
    Token,
    Writing,
)
from got_desktop.model import pictures, results
from got_desktop.model.document import Document
from got_desktop.model.engine_link import EngineLink, Running
from got_desktop.model.messages import Message
from got_desktop.model.plan import Plan
from got_desktop.model.results import Results
from got_desktop.model.settings import Drawing
from got_desktop.model.state import State
from got_desktop.times import Times

_DRAFT_EVERY = 25
"""Milliseconds between updates of the plan that is being written: tokens may arrive faster than anyone can read."""


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
    attempt: int = 1
    """Greater than 1: the engine was restarted, and the job continues."""


class Work(QObject):
    """Runs one job at a time. All signals are emitted on the UI thread."""

    activity_changed = Signal()
    draft_changed = Signal()
    preview_changed = Signal()
    results_changed = Signal()
    accepted = Signal(object, int)
    """The Results, and the index of the accepted candidate."""
    message = Signal(object)

    def __init__(self, document: Document, link: EngineLink) -> None:
        super().__init__()
        self.document = document
        self.link = link
        self.activity: Activity | None = None
        self.draft: Plan | None = None
        """The plan that is being written."""
        self.preview: str = ""
        """The unfinished picture: a small JPEG in base64."""
        self.results: Results | None = None
        self.times: Times | None = None
        """The last run's time by stage."""
        self._running: Running | None = None
        self._text = ""
        self._draft_soon = QTimer(self, singleShot=True, interval=_DRAFT_EVERY)
        self._draft_soon.timeout.connect(self._show_draft)

    @property
    def busy(self) -> bool:
        return self.activity is not None

    @property
    def job(self) -> str:
        """The engine's job that is running or undecided; "" if there is none."""
        return self.results.job if self.results else self._running.id if self._running else ""

    # plan

    def plan(
        self,
        instruction: str,
        drawing: Drawing,
        keep_user_boxes: bool = False,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Plans: the chain arrives piece by piece in `draft` and then replaces the current plan.

        `then` is called after that.
        """
        before, new = self.document.state, drawing.new_picture
        words = PlanRequest(instruction=instruction, model=drawing.model, adapters=_adapters(drawing))

        def request(client: EngineClient) -> JobRequest:
            return words if new else replace(words, image=_upload(client, before), selection=before.selection)

        def finish(result: JobResult) -> None:
            origin = drawing.origin_of(instruction, result.image)
            plan, now = Plan.of(result.chains[0], origin), self._now(before)
            frame = now.whole if new else before.seen
            own = _user_boxes(now.plan.reframed(now.frame, frame)) if keep_user_boxes else ()
            for _, region, mark in own:
                plan = plan.added(region.box, region.phrase, region.turn).marked(len(plan.marks), hidden=mark.hidden)
            self._end(Times.of(result))
            self.document.change(now.planned(plan, frame), self.tr("Plan"))
            self.link.acknowledge(result.id)
            if then is not None:
                then()

        self._begin("plan")
        self._run(request, lambda client, result: result, finish)

    # apply

    def apply(self, instruction: str, drawing: Drawing, plan: Plan | None) -> None:
        """Draws the plan with the words that it answers; with None, plans and draws in one job.

        A plan that was written by hand answers the instruction.
        """
        before = self.document.state
        origin = _origin(instruction, drawing, plan)
        drawing = drawing.for_task(origin.task)
        words = origin.words(self.tr("Edit by boxes") if plan else "")
        if plan is not None and not drawing.new_picture:
            plan = plan.reframed(before.frame, before.seen)
        job = _picture_request(words, drawing, before, plan)

        def fetch(client: EngineClient, result: JobResult) -> Results:
            return results.fetch(client, result, before, drawing, replace(origin, image=origin.image or result.image))

        def keep_plan(made: Plan) -> None:
            now = self._now(before)
            frame = now.whole if drawing.new_picture else before.seen
            self.document.change(now.planned(made, frame), self.tr("Plan"))

        def fail(error: EngineError) -> None:
            self._fail(error)
            if error.code == "plan_without_region":  # the user can correct the plan
                keep_plan(Plan.of(self._text, origin))

        def finish(drawn: Results) -> None:
            self._end(Times.of(drawn.result))
            if plan is None:
                keep_plan(drawn.plan)
            self.results = drawn
            self.results_changed.emit()
            for note in drawn.result.messages:
                if note.code != CHAIN_PROBLEM:  # the plan panel shows problems in their place
                    self.message.emit(Message("info", language.note(note)))

        self.dismiss()
        self._begin("draw" if plan else "both")
        self._run(lambda client: _with_picture(client, job, before), fetch, finish, fail)

    def recover(self, job: str, drawing: Drawing) -> None:
        """Fetches the results of a job that was undecided in an earlier window."""
        before = self.document.state
        if not job:
            return

        def read(client: EngineClient) -> Results:
            client.follow(job)
            result = client.result(job)
            own, made = before.plan.origin, drawing.origin_of(result.instruction, result.image)
            return results.fetch(client, result, before, drawing, own if own.instruction == made.instruction else made)

        def show(outcome: Results) -> None:
            self.results = outcome
            self.results_changed.emit()

        # nothing can be recovered from a planning job, which has no pictures, or from a job that the engine deleted
        self.link.ask(read, show, lambda error: None)

    # decide

    def accept(self, index: int) -> None:
        """Adds the candidate as a new layer."""
        assert self.results is not None
        results = self.results
        self.results = None
        self.document.change(results.accepted(index, self.document.state), self.tr("Edit"))
        self.accepted.emit(results, index)
        self.link.acknowledge(results.job)
        self.results_changed.emit()

    def dismiss(self) -> None:
        if self.results is not None:
            self.link.acknowledge(self.results.job)
            self.results = None
            self.results_changed.emit()

    def leave(self) -> None:
        """Discards the results and cancels the running job, because another document is opened."""
        self.dismiss()
        if self._running is not None:
            self.link.abandon(self._running)
            self._end()

    def cancel(self) -> None:
        if self._running is not None and self.activity is not None:
            self.link.cancel(self._running)
            self._show(replace(self.activity, stage="cancel"))

    # progress

    def _now(self, before: State) -> State:
        """The document's current state, or `before` if undo has since returned to another picture."""
        return self.document.state if self.document.state.base is before.base else before

    def _begin(self, kind: str) -> None:
        self._text, self.draft, self.preview = "", None, ""
        self._show(Activity(kind))

    def _run(
        self,
        request: Callable[[EngineClient], JobRequest],
        fetch: Callable[[EngineClient, JobResult], Any],
        on_done: Callable[[Any], None],
        on_failed: Callable[[EngineError], None] | None = None,
    ) -> None:
        def unless_abandoned(call: Callable[[Any], None]) -> Callable[[Any], None]:
            """Ignores calls from a job that has been abandoned."""
            return lambda value: call(value) if self._running is running else None

        callbacks = (self._handle_event, on_done, on_failed or self._fail)
        running = self.link.run(request, fetch, *map(unless_abandoned, callbacks))
        self._running = running

    def _end(self, times: Times | None = None) -> None:
        """Ends the activity; `times` are given if the run succeeded."""
        self._running = None
        self.times = times
        self._draft_soon.stop()
        self.activity, self.draft, self.preview = None, None, ""
        self.activity_changed.emit()
        self.draft_changed.emit()
        self.preview_changed.emit()
        self.link.look()

    def _fail(self, error: EngineError) -> None:
        self._end()
        if not isinstance(error, Cancelled):
            self.message.emit(Message.of(error))

    def _show(self, activity: Activity) -> None:
        self.activity = activity
        self.activity_changed.emit()

    def _handle_event(self, event: Event) -> None:
        now = self.activity
        if now is None or now.stage == "cancel":
            return
        if isinstance(event, Started):
            self._begin_attempt(event, now)
        elif isinstance(event, Token):
            self._token(event, now)
        elif isinstance(event, Preview):
            self.preview = event.jpeg
            self.preview_changed.emit()
        else:
            after = _after(event, now)
            if after is not now:
                self._show(after)

    def _begin_attempt(self, event: Started, now: Activity) -> None:
        self._text = ""
        self._show(replace(now, attempt=event.attempt, stage="load", done=0, total=0))
        if event.attempt > 1:
            self.message.emit(
                Message("warning", self.tr("The engine stopped and was restarted."), self.tr("The job continues."))
            )

    def _token(self, event: Token, now: Activity) -> None:
        self._text += event.text
        if now.stage != "plan":
            self._show(replace(now, stage="plan", done=0, total=0, seconds_left=None))
        if not self._draft_soon.isActive():
            self._draft_soon.start()

    def _show_draft(self) -> None:
        if self.activity is not None:
            self.draft = Plan.of(self._text)
            self.draft_changed.emit()


def _after(event: Event, now: Activity) -> Activity:
    """The activity after an event."""
    if isinstance(event, Queued):
        return replace(now, stage="wait", position=event.position)
    if isinstance(event, Loading) and event.total:
        return replace(now, stage="load", done=event.done, total=event.total)
    if isinstance(event, Planning):
        return replace(now, stage="plan", turn=event.turn, done=0, total=0, seconds_left=None)
    if isinstance(event, Step):
        part = {"done": event.step, "total": event.total, "seconds_left": event.seconds_left}
        where = {"turn": event.turn, "candidate": event.candidate, "step_seconds": event.seconds}
        return replace(now, stage="draw", **part, **where)
    if isinstance(event, Writing):
        return replace(now, stage="write", done=0, total=0, seconds_left=None)
    return now


def _picture_request(words: str, drawing: Drawing, before: State, plan: Plan | None) -> EditRequest | GenerateRequest:
    """The request to the engine; the picture of an edit is filled in after its upload."""
    common: dict[str, Any] = {
        "instruction": words,
        "chain": plan.finished_text() if plan else None,
        "model": drawing.model,
        "adapters": _adapters(drawing),
    }
    if drawing.new_picture:
        return GenerateRequest(**common, **arguments(GenerateOptions, drawing))
    return EditRequest(image="0" * 64, selection=before.selection, **common, **arguments(EditOptions, drawing))


def _origin(words: str, drawing: Drawing, plan: Plan | None) -> Origin:
    """What is drawn: the plan's own words or, for a plan by hand and without a plan, these."""
    return plan.origin if plan is not None and plan.origin.known else drawing.origin_of(words)


def _with_picture(client: EngineClient, job: EditRequest | GenerateRequest, state: State) -> JobRequest:
    return replace(job, image=_upload(client, state)) if isinstance(job, EditRequest) else job


def _upload(client: EngineClient, state: State) -> str:
    return client.upload(pictures.for_engine(state)).id


def _adapters(drawing: Drawing) -> tuple[AdapterUse, ...]:
    return (AdapterUse(drawing.adapter, drawing.adapter_weight),) if drawing.adapter else ()


def _user_boxes(plan: Plan) -> list[tuple[int, Any, Any]]:
    return [box for turn in range(plan.turns()) for box in plan.boxes(turn) if box[2].by_user]
