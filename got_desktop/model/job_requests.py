"""The requests to the engine for a document: what is asked for, with which words, model and picture."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.api.client import EngineClient
from engine.api.options import arguments
from engine.api.origin import Origin
from engine.api.protocol import AdapterUse, EditOptions, EditRequest, GenerateOptions, GenerateRequest, JobRequest
from got_desktop.model import pictures
from got_desktop.model.plan import Plan
from got_desktop.model.settings import Drawing
from got_desktop.model.state import State


def picture_request(words: str, drawing: Drawing, before: State, plan: Plan | None) -> EditRequest | GenerateRequest:
    """The request to the engine; the picture of an edit is filled in after its upload."""
    common: dict[str, Any] = {
        "instruction": words,
        "chain": plan.finished_text() if plan else None,
        "model": drawing.model,
        "adapters": adapters(drawing),
    }
    if drawing.new_picture:
        return GenerateRequest(**common, **arguments(GenerateOptions, drawing))
    return EditRequest(image="0" * 64, selection=before.selection, **common, **arguments(EditOptions, drawing))


def origin_of(words: str, drawing: Drawing, plan: Plan | None) -> Origin:
    """What is drawn: the plan's own words or, for a plan by hand and without a plan, these."""
    return plan.origin if plan is not None and plan.origin.known else drawing.origin_of(words)


def with_picture(client: EngineClient, job: EditRequest | GenerateRequest, state: State) -> JobRequest:
    return replace(job, image=upload(client, state)) if isinstance(job, EditRequest) else job


def upload(client: EngineClient, state: State) -> str:
    return client.upload(pictures.for_engine(state)).id


def adapters(drawing: Drawing) -> tuple[AdapterUse, ...]:
    return (AdapterUse(drawing.adapter, drawing.adapter_weight),) if drawing.adapter else ()
