"""Plans and draws: sends a request to the engine, shows its progress and writes the results."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from engine.api import launch, protocol
from engine.api.chain import Chain
from engine.api.client import EngineClient
from engine.api.errors import EngineError
from engine.api.formats import OPENRASTER
from engine.api.launch import Engine
from engine.api.options import arguments
from engine.api.protocol import (
    EditOptions,
    EditRequest,
    GenerateOptions,
    GenerateRequest,
    JobRequest,
    JobResult,
    JobState,
)
from got_desktop import VERSION, adapters, catalog, chain_file, chain_words, outputs, source_image
from got_desktop.outcome import Outcome
from got_desktop.progress import Progress
from got_desktop.requests import PlanRequest, RenderRequest
from got_desktop.times import Times

if TYPE_CHECKING:
    from engine.imaging.decode import Source

CLIENT = "got"
"""The command line's client name in the engine."""


def plan(request: PlanRequest, progress: Progress) -> Outcome:
    """Plans one edit or a new picture and writes the files. Raises EngineError and then writes nothing."""
    outputs.check(request)
    source = source_image.read(request, progress)
    model = catalog.model_name(request.model)
    progress.stage("load", f"Load {model}")
    with launch.connect(CLIENT) as engine:
        image = _upload(engine, request, source)
        plan_request = protocol.PlanRequest(
            instruction=request.instruction, image=image, model=model, adapters=_adapters(), device=request.device
        )
        job, result = _run(engine, plan_request, progress)
        chain = Chain.parse(result.chains[0])
        files = {}
        if request.chain_output:
            files["chain"] = (request.chain_output, chain_file.encode(chain))
        if request.boxes_overlay:
            files["boxes_overlay"] = (request.boxes_overlay, _file(engine.client, result, "overlay"))
        files_by_kind = outputs.write(files, request.force)
        engine.client.acknowledge(job.id)
    return Outcome(chain, _facts(result), files_by_kind)


def render(request: RenderRequest, progress: Progress) -> Outcome:
    """Plans, or uses the request's chain, draws it and writes the files. Raises EngineError and then writes nothing."""
    outputs.check(request)
    source = source_image.read(request, progress)
    chain = chain_file.read_for(request)
    model = catalog.model_name(request.model)
    progress.stage("load", f"Load {model}")
    with launch.connect(CLIENT) as engine:
        image = _upload(engine, request, source)
        job, result = _run(engine, _drawing(request, image, model, chain), progress)
        outcome = _write(engine.client, request, source, result)
        engine.client.acknowledge(job.id)
    return outcome


def load(model: str, device: str, progress: Progress) -> None:
    """Loads a model into the engine's memory. Raises EngineError."""
    name = catalog.model_name(model)
    progress.stage("load", f"Load {name}")
    with launch.connect(CLIENT) as engine:
        job, _ = _run(engine, protocol.LoadRequest(model=name, device=device), progress)
        engine.client.acknowledge(job.id)


def unload() -> None:
    """Unloads the engine's model, if an engine is running. Raises EngineError."""
    client = launch.find()
    if client is not None:
        client.follow(client.submit(protocol.UnloadRequest()).id)


def _drawing(request: RenderRequest, image: str | None, model: str, chain: Chain | None) -> JobRequest:
    common: dict[str, Any] = {
        "instruction": request.instruction,
        "chain": chain.text if chain else None,
        "model": model,
        "adapters": _adapters(),
        "device": request.device,
    }
    if image is None:
        return GenerateRequest(**common, **arguments(GenerateOptions, request.drawing))
    return EditRequest(image=image, **common, **arguments(EditOptions, request.drawing))


def _adapters() -> tuple[protocol.AdapterUse, ...]:
    return tuple(protocol.AdapterUse(name, weight) for name, weight in adapters.in_use())


def _upload(engine: Engine, request: PlanRequest, source: Source | None) -> str | None:
    if source is None or request.source is None:
        return None
    return engine.upload(*source_image.upload_form(request.source, source)).id


def _run(engine: Engine, request: JobRequest, progress: Progress) -> tuple[JobState, JobResult]:
    """Runs the job, and cancels it if the user interrupts."""
    jobs: list[JobState] = []
    has_chain = getattr(request, "chain", None) is not None
    try:
        job = engine.run(request, lambda event: progress.event(event, has_chain), jobs.append)
    except BaseException:
        for job in jobs:  # one at most
            _abandon(engine.client, job.id)
        raise
    return job, engine.client.result(job.id)


def _abandon(client: EngineClient, id: str) -> None:
    with suppress(EngineError):
        client.cancel(id)
        client.acknowledge(id)


def _write(client: EngineClient, request: RenderRequest, source: Source | None, result: JobResult) -> Outcome:
    picture = outputs.decode_result(_file(client, result, "image"))
    layers = []
    if request.output.suffix.lower() == OPENRASTER:
        for layer, mask in zip(result.named("layer"), result.named("mask"), strict=True):
            pieces = (client.file(result.id, file.name) for file in (layer, mask))
            layers.append(outputs.layer(outputs.layer_name(result.instruction, layer.turn), *pieces))
    facts = _facts(result)
    stored_facts = facts if request.facts else None
    files = {"image": (request.output, outputs.encode_result(request.output, source, picture, layers, stored_facts))}
    if request.boxes_overlay:
        files["boxes_overlay"] = (request.boxes_overlay, _file(client, result, "overlay"))
    files_by_kind = outputs.write(files, request.force)
    model_view = source.for_model() if source else None
    return Outcome(Chain.parse(result.chains[0]), facts, files_by_kind, model_view, picture, Times.of(result))


def _file(client: EngineClient, result: JobResult, kind: str) -> bytes:
    return client.file(result.id, result.named(kind)[0].name)


def _facts(result: JobResult) -> dict[str, Any]:
    chain = Chain.parse(result.chains[0])
    facts: dict[str, Any] = {"instruction": result.instruction, "chain": chain.text, "boxes": chain_words.boxes(chain)}
    return facts | {"model": result.model, "software": f"got_desktop {VERSION}"} | result.options
