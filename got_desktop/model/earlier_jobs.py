"""Jobs of before: one that was running when the window was killed, and candidates that were not taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject

from engine.api.client import EngineClient
from engine.api.origin import Origin
from engine.api.protocol import JobResult, Selection
from got_desktop.model import results
from got_desktop.model.document import Document
from got_desktop.model.history import Entry
from got_desktop.model.layers import Layer
from got_desktop.model.messages import Message
from got_desktop.model.preferences import Preferences
from got_desktop.model.results import Results
from got_desktop.model.settings import Drawing
from got_desktop.model.state import State
from got_desktop.model.work import Work


@dataclass(frozen=True, eq=False)
class _Taken:
    """A candidate was taken and others were not: what undo comes back to."""

    job: str
    origin: Origin
    drawing: Drawing
    seed: int
    before: State
    after: State


class EarlierJobs(QObject):
    def __init__(self, document: Document, work: Work, preferences: Preferences) -> None:
        super().__init__()
        self.document, self.work, self.preferences = document, work, preferences
        self._taken: _Taken | None = None
        self._states = (document.state, document.state)
        """The document's last state and the one of now."""
        work.accepted.connect(self._remember)
        document.changed.connect(self._follow)

    # after a kill

    def recover(self, job: str) -> None:
        """Follows a job that an earlier window started, and takes over its plan or its results."""
        before, drawing, work = self.document.state, self.preferences.drawing, self.work

        def fetch(client: EngineClient, result: JobResult) -> JobResult | Results:
            own, made = before.plan.origin, _origin_of(result, drawing)
            if result.kind == "plan":
                return result
            known = own if own.instruction == made.instruction else made
            return results.fetch(client, result, before, _drawing_of(result, drawing), known)

        def finish(outcome: JobResult | Results) -> None:
            if isinstance(outcome, JobResult):
                return work.finish_plan(outcome, before, _origin_of(outcome, drawing))
            known_plan = before.plan.reframed(before.frame, before.seen)
            work.finish_drawing(outcome, has_new_plan=outcome.plan.text.strip() != known_plan.text.strip())

        if job:
            work.resume(job, fetch, finish, self._lost())

    # candidates that were not taken

    def others_of_layer(self, layer: Layer) -> None:
        """Brings back the candidates that the layer was chosen from; another one takes its place."""
        state, facts = self.document.state, layer.facts
        area = facts.get("selection")
        before = replace(state, selection=Selection(**area) if area else None)
        origin = Origin.from_json(facts.get("origin", {"instruction": facts.get("instruction", "")}))
        self._bring_back(layer.job, before, self.preferences.drawing.for_task("edit"), origin, facts.get("seed"))

    def of_entry(self, entry: Entry) -> None:
        """Brings back the candidates of an earlier edit, for the picture that is open."""
        self._bring_back(entry.job, self.document.state, entry.drawing, entry.origin)

    def _remember(self, taken: Results, index: int) -> None:
        if len(taken.candidates) > 1:
            self._taken = _Taken(
                taken.job, taken.plan.origin, taken.drawing, taken.candidates[index].seed, *self._states
            )

    def _follow(self) -> None:
        """Undo after taking a candidate shows all of them again, and redo hides them."""
        state, taken, work = self.document.state, self._taken, self.work
        if taken is not None and state is taken.before and work.results is None and not work.busy:
            self._bring_back(
                taken.job, state, taken.drawing, taken.origin, taken.seed, lambda: self.document.state is state
            )
        elif taken is not None and state is taken.after and work.results and work.results.job == taken.job:
            work.show_results(None)
        self._states = (self._states[1], state)

    def _bring_back(
        self,
        job: str,
        before: State,
        drawing: Drawing,
        origin: Origin,
        seed: int | None = None,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        """Shows the candidates of a job again, if they are still wanted by then; the one with that seed comes first."""

        def fetch(client: EngineClient, result: JobResult) -> Results:
            found = results.fetch(client, result, before, _drawing_of(result, drawing), origin)
            seeds = [candidate.seed for candidate in found.candidates]
            return replace(found, chosen=seeds.index(seed) if seed in seeds else 0)

        def finish(found: Results) -> None:
            self.work.finish_drawing(found, has_new_plan=False)
            if not is_wanted():
                self.work.show_results(None)

        self.work.resume(job, fetch, finish, self._lost())

    def _lost(self) -> Message:
        return Message(
            "warning",
            self.tr("These candidates are no longer stored."),
            self.tr("Draw them again: the history has the plan, the settings and the seed."),
        )


def _origin_of(result: JobResult, drawing: Drawing) -> Origin:
    """The origin of a plan that only its result tells about."""
    return drawing.for_task("edit" if result.image else "text_to_image").origin_of(result.instruction, result.image)


def _drawing_of(result: JobResult, drawing: Drawing) -> Drawing:
    """The settings of a job: its own task and seed, and otherwise the ones of now."""
    return drawing.for_task("edit" if result.image else "text_to_image").with_values(seed=result.options["seed"])
