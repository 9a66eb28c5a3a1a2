"""Plan, review, apply: the engine's jobs for the document, and their results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from engine.api import language
from engine.api.chain import CHAIN_PROBLEM
from engine.api.client import EngineClient
from engine.api.errors import Cancelled, EngineError, NotFound
from engine.api.origin import Origin
from engine.api.protocol import Event, JobRequest, JobResult, PlanRequest, Preview, Started, Token
from got_desktop.model import job_requests, results
from got_desktop.model.activity import Activity, after
from got_desktop.model.document import Document
from got_desktop.model.engine_link import EngineLink, Running
from got_desktop.model.messages import Message
from got_desktop.model.plan import Frame, Plan
from got_desktop.model.results import Results
from got_desktop.model.settings import Drawing
from got_desktop.model.state import State
from got_desktop.times import Times

_DRAFT_EVERY = 25
"""Milliseconds between updates of the plan that is being written: tokens may arrive faster than anyone can read."""


class Work(QObject):
    """Runs one job at a time. All signals are emitted on the UI thread."""

    activity_changed = Signal()
    draft_changed = Signal()
    preview_changed = Signal()
    queued = Signal()
    """The engine has the job: it goes on even if this window ends, and `job` is its id."""
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
        self.preview_frame: Frame | None = None
        """The part of the document that the preview shows; None for a new picture."""
        self.results: Results | None = None
        self.times: Times | None = None
        """The last run's time by stage."""
        self._running: Running | None = None
        self._text = ""
        self._is_queued = False
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
        words = PlanRequest(instruction=instruction, model=drawing.model, adapters=job_requests.adapters(drawing))

        def request(client: EngineClient) -> JobRequest:
            if new:
                return words
            return replace(words, image=job_requests.upload(client, before), selection=before.selection)

        def finish(result: JobResult) -> None:
            self.finish_plan(result, before, drawing.origin_of(instruction, result.image), keep_user_boxes)
            if then is not None:
                then()

        self._begin("plan")
        self._run(request, lambda client, result: result, finish)

    def finish_plan(self, result: JobResult, before: State, origin: Origin, keep_user_boxes: bool = False) -> None:
        now = self._now(before)
        plan, frame = Plan.of(result.chains[0], origin), _frame(now, before, origin)
        own = _user_boxes(now.plan.reframed(now.frame, frame)) if keep_user_boxes else ()
        for _, region, mark in own:
            plan = plan.added(region.box, region.phrase, region.turn).marked(len(plan.marks), hidden=mark.hidden)
        self._end(Times.of(result))
        self.document.change(now.planned(plan, frame), self.tr("Plan"))
        self.link.acknowledge(result.id)

    # apply

    def apply(self, instruction: str, drawing: Drawing, plan: Plan | None) -> None:
        """Draws the plan with the words that it answers; with None, plans and draws in one job.

        A plan that was written by hand answers the instruction.
        """
        before, origin = self.document.state, job_requests.origin_of(instruction, drawing, plan)
        drawing = drawing.for_task(origin.task)
        words = origin.words(self.tr("Edit by boxes") if plan else "")
        if plan is not None and not drawing.new_picture:
            plan = plan.reframed(before.frame, before.seen)
        job = job_requests.picture_request(words, drawing, before, plan)

        def fetch(client: EngineClient, result: JobResult) -> Results:
            return results.fetch(client, result, before, drawing, replace(origin, image=origin.image or result.image))

        def fail(error: EngineError) -> None:
            self._fail(error)
            if error.code == "plan_without_region":  # the user can correct the plan
                self._keep_plan(Plan.of(self._text, origin), before)

        self.dismiss()
        self.preview_frame = None if drawing.new_picture else before.seen
        self._begin("draw" if plan else "both")
        self._run(
            lambda client: job_requests.with_picture(client, job, before),
            fetch,
            lambda drawn: self.finish_drawing(drawn, has_new_plan=plan is None),
            fail,
        )

    def finish_drawing(self, drawn: Results, has_new_plan: bool) -> None:
        self._end(Times.of(drawn.result))
        if has_new_plan:
            self._keep_plan(drawn.plan, drawn.before)
        self.show_results(drawn)
        for note in drawn.result.messages:
            if note.code != CHAIN_PROBLEM:  # the plan panel shows problems in their place
                self.message.emit(Message("info", language.note(note)))

    def _keep_plan(self, plan: Plan, before: State) -> None:
        now = self._now(before)
        self.document.change(now.planned(plan, _frame(now, before, plan.origin)), self.tr("Plan"))

    def show_results(self, drawn: Results | None) -> None:
        """Shows results for the user to decide; None hides them, and the engine still keeps them."""
        self.results = drawn
        self.results_changed.emit()

    def resume(
        self,
        job: str,
        fetch: Callable[[EngineClient, JobResult], Any],
        on_done: Callable[[Any], None],
        lost: Message,
    ) -> None:
        """Follows a job of before, or fetches its results again; says `lost` if the engine does not have them."""

        def fail(error: EngineError) -> None:
            if not isinstance(error, NotFound):
                return self._fail(error)
            self._end()
            self.message.emit(lost)

        self.preview_frame = None
        self._begin("draw")
        self._follow(lambda *callbacks: self.link.resume(job, *callbacks), fetch, on_done, fail)

    # decide

    def accept(self, index: int) -> None:
        """Adds the candidate as a new layer."""
        assert self.results is not None
        results, before = self.results, self.document.state
        self.results = None
        self.document.change(results.accepted(index, before), self.tr("Edit"))
        self.accepted.emit(results, index)
        self._settle(results)
        self.results_changed.emit()

    def dismiss(self) -> None:
        if self.results is not None:
            self._settle(self.results)
            self.results = None
            self.results_changed.emit()

    def _settle(self, results: Results) -> None:
        """The user has decided. The engine keeps candidates that there was a choice of, for as long as it keeps any."""
        if len(results.candidates) == 1:
            self.link.acknowledge(results.job)

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
        self._text, self.draft, self.preview, self._is_queued = "", None, "", False
        self._show(Activity(kind))

    def _run(
        self,
        request: Callable[[EngineClient], JobRequest],
        fetch: Callable[[EngineClient, JobResult], Any],
        on_done: Callable[[Any], None],
        on_failed: Callable[[EngineError], None] | None = None,
    ) -> None:
        self._follow(lambda *callbacks: self.link.run(request, *callbacks), fetch, on_done, on_failed or self._fail)

    def _follow(
        self,
        start: Callable[..., Running],
        fetch: Callable[[EngineClient, JobResult], Any],
        on_done: Callable[[Any], None],
        on_failed: Callable[[EngineError], None],
    ) -> None:
        def unless_abandoned(call: Callable[[Any], None]) -> Callable[[Any], None]:
            """Ignores calls from a job that has been abandoned."""
            return lambda value: call(value) if self._running is running else None

        running = start(fetch, *map(unless_abandoned, (self._handle_event, on_done, on_failed)))
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
        if not self._is_queued:
            self._is_queued = True
            self.queued.emit()
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
            following = after(event, now)
            if following is not now:
                self._show(following)

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


def _frame(now: State, before: State, origin: Origin) -> Frame:
    """The part of the picture that a plan's boxes refer to."""
    return now.whole if origin.task == "text_to_image" else before.seen


def _user_boxes(plan: Plan) -> list[tuple[int, Any, Any]]:
    return [box for turn in range(plan.turns()) for box in plan.boxes(turn) if box[2].by_user]
