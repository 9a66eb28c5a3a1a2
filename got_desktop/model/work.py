"""Plan, review, apply: what the engine does for the document, and what comes of it."""

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
"""Milliseconds between two looks at the plan that is being written: tokens may come faster than eyes read."""


@dataclass(frozen=True)
class Activity:
    """What the engine does for this window just now."""

    kind: str
    """ "plan", "draw", or "both"."""
    stage: str = "send"
    """ "send", "wait", "load", "plan", "draw", "write", "fetch", "cancel"."""
    done: int = 0
    total: int = 0
    """Of the stage; 0: not known."""
    seconds_left: float | None = None
    step_seconds: float = 0.0
    """That the last step of drawing took; 0: not known."""
    position: int = 0
    """Jobs before it in the engine's queue."""
    turn: int = 0
    candidate: int = 0
    attempt: int = 1
    """More than one: the engine ended, and another one goes on."""


class Work(QObject):
    """One job at a time. All its signals come on the UI thread."""

    activity_changed = Signal()
    draft_changed = Signal()
    preview_changed = Signal()
    results_changed = Signal()
    accepted = Signal(object, int)
    """Results, and which of the candidates was taken."""
    said = Signal(object)

    def __init__(self, document: Document, link: EngineLink) -> None:
        super().__init__()
        self.document = document
        self.link = link
        self.activity: Activity | None = None
        self.draft: Plan | None = None
        """The plan while it is written."""
        self.preview: str = ""
        """How the picture looks by now: a small JPEG in base64."""
        self.results: Results | None = None
        self.times: Times | None = None
        """What the time of the last run went into."""
        self._running: Running | None = None
        self._text = ""
        self._draft_soon = QTimer(self, singleShot=True, interval=_DRAFT_EVERY)
        self._draft_soon.timeout.connect(self._show_draft)

    @property
    def busy(self) -> bool:
        return self.activity is not None

    @property
    def job(self) -> str:
        """The engine's job whose outcome is awaited or not decided on."""
        return self.results.job if self.results else self._running.id if self._running else ""

    # plan

    def plan(
        self,
        instruction: str,
        drawing: Drawing,
        keep_user_boxes: bool = False,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Has the chain written; what is there of it arrives in `draft`. It takes the place of the present plan.

        `then` is called when it has.
        """
        before, new = self.document.state, drawing.new_picture
        words = PlanRequest(instruction=instruction, model=drawing.model, adapters=_adapters(drawing))

        def request(client: EngineClient) -> JobRequest:
            return words if new else replace(words, image=_upload(client, before), selection=before.selection)

        def planned(result: JobResult) -> None:
            plan, now = Plan.of(result.chains[0]), self._now(before)
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
        self._run(request, lambda client, result: result, planned)

    # apply

    def apply(self, instruction: str, drawing: Drawing, plan: Plan | None) -> None:
        """Has the picture drawn from the plan, or with None planned and drawn at once."""
        before = self.document.state
        words = instruction if instruction.strip() or plan is None else self.tr("Edit by boxes")
        if plan is not None and not drawing.new_picture:
            plan = plan.reframed(before.frame, before.seen)
        whole = _picture_request(words, drawing, before, plan)

        def request(client: EngineClient) -> JobRequest:
            return replace(whole, image=_upload(client, before)) if isinstance(whole, EditRequest) else whole

        def keep_plan(text: str) -> None:
            now = self._now(before)
            frame = now.whole if drawing.new_picture else before.seen
            self.document.change(now.planned(Plan.of(text), frame), self.tr("Plan"))

        def failed(error: EngineError) -> None:
            self._failed(error)
            if error.code == "plan_without_region":  # it ends where the plan is to be mended
                keep_plan(self._text)

        def drawn(found: Results) -> None:
            self._end(Times.of(found.result))
            if plan is None:
                keep_plan(found.chain)
            self.results = found
            self.results_changed.emit()
            for note in found.result.messages:
                if note.code != CHAIN_PROBLEM:  # those the plan's panel shows where they stand
                    self.said.emit(Message("info", language.note(note)))

        self.dismiss()
        self._begin("draw" if plan else "both")
        self._run(request, lambda client, result: results.fetch(client, result, before, drawing), drawn, failed)

    def recover(self, job: str, drawing: Drawing) -> None:
        """The outcome of a job that an earlier window had not decided on."""
        before = self.document.state
        if not job:
            return

        def read(client: EngineClient) -> Results:
            client.follow(job)
            return results.fetch(client, client.result(job), before, drawing)

        def found(outcome: Results) -> None:
            self.results = outcome
            self.results_changed.emit()

        # a plan's job has no pictures, and an old one is gone: then there is nothing to recover
        self.link.ask(read, found, lambda error: None)

    # decide

    def accept(self, index: int) -> None:
        """That candidate becomes a new layer."""
        assert self.results is not None
        found = self.results
        self.results = None
        self.document.change(found.accepted(index, self.document.state), self.tr("Edit"))
        self.accepted.emit(found, index)
        self.link.acknowledge(found.job)
        self.results_changed.emit()

    def dismiss(self) -> None:
        if self.results is not None:
            self.link.acknowledge(self.results.job)
            self.results = None
            self.results_changed.emit()

    def leave(self) -> None:
        """Another document is opened: what was made or is being made for this one is not wanted any more."""
        self.dismiss()
        if self._running is not None:
            self.link.abandon(self._running)
            self._end()

    def cancel(self) -> None:
        if self._running is not None and self.activity is not None:
            self.link.cancel(self._running)
            self._show(replace(self.activity, stage="cancel"))

    # how it goes

    def _now(self, before: State) -> State:
        """The document as it is now; as it was, where undo has gone back to another picture meanwhile."""
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
        def awaited(call: Callable[[Any], None]) -> Callable[[Any], None]:
            """What a job says that was left meanwhile is for nobody."""
            return lambda said: call(said) if self._running is running else None

        running = self.link.run(request, fetch, *map(awaited, (self._heard, on_done, on_failed or self._failed)))
        self._running = running

    def _end(self, times: Times | None = None) -> None:
        """`times` are those of a run that came to something."""
        self._running = None
        self.times = times
        self._draft_soon.stop()
        self.activity, self.draft, self.preview = None, None, ""
        self.activity_changed.emit()
        self.draft_changed.emit()
        self.preview_changed.emit()
        self.link.look()

    def _failed(self, error: EngineError) -> None:
        self._end()
        if not isinstance(error, Cancelled):
            self.said.emit(Message.of(error))

    def _show(self, activity: Activity) -> None:
        self.activity = activity
        self.activity_changed.emit()

    def _heard(self, event: Event) -> None:
        now = self.activity
        if now is None or now.stage == "cancel":
            return
        if isinstance(event, Started):
            self._started(event, now)
        elif isinstance(event, Token):
            self._token(event, now)
        elif isinstance(event, Preview):
            self.preview = event.jpeg
            self.preview_changed.emit()
        else:
            after = _after(event, now)
            if after is not now:
                self._show(after)

    def _started(self, event: Started, now: Activity) -> None:
        self._text = ""
        self._show(replace(now, attempt=event.attempt, stage="load", done=0, total=0))
        if event.attempt > 1:
            self.said.emit(
                Message("warning", self.tr("The engine ended and was started again."), self.tr("The work goes on."))
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
    """How far the job is after an event."""
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
    """What the engine is asked for; an edit's picture is named once it was uploaded."""
    shared: dict[str, Any] = {
        "instruction": words,
        "chain": plan.finished_text() if plan else None,
        "model": drawing.model,
        "adapters": _adapters(drawing),
    }
    if drawing.new_picture:
        return GenerateRequest(**shared, **arguments(GenerateOptions, drawing))
    return EditRequest(image="0" * 64, selection=before.selection, **shared, **arguments(EditOptions, drawing))


def _upload(client: EngineClient, state: State) -> str:
    return client.upload(pictures.for_engine(state)).id


def _adapters(drawing: Drawing) -> tuple[AdapterUse, ...]:
    return (AdapterUse(drawing.adapter, drawing.adapter_weight),) if drawing.adapter else ()


def _user_boxes(plan: Plan) -> list[tuple[int, Any, Any]]:
    return [box for turn in range(plan.turns()) for box in plan.boxes(turn) if box[2].by_user]
