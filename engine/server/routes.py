"""The engine's HTTP routes, under /v1."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable
from importlib import metadata
from typing import Annotated, Any, TypeVar

import psutil
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from engine import VERSION
from engine.api import protocol
from engine.api.encoding import dumps, loads
from engine.api.errors import OutputError
from engine.api.formats import UPLOADED
from engine.api.protocol import (
    PROTOCOL,
    Adapters,
    Devices,
    Done,
    EditRequest,
    ErrorReply,
    GenerateRequest,
    ImageInfo,
    JobRequest,
    JobResult,
    Jobs,
    JobState,
    Kind,
    Lease,
    LeaseRequest,
    LoadRequest,
    Model,
    Models,
    PlanRequest,
    Proof,
    System,
    UnloadRequest,
)
from engine.api.runtime import proof
from engine.jobs.shelf import devices, memory
from engine.models.adapters import list_adapters
from engine.models.catalog import ModelEntry, known_model, list_models
from engine.server.bodies import json_body
from engine.server.state import EngineState
from engine.server.stream import stream

T = TypeVar("T")
PACKAGES = ("torch", "transformers", "diffusers", "safetensors", "tokenizers", "pillow", "numpy", "fastapi", "uvicorn")

REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorReply, "description": text}
    for status, text in {
        401: "The token is missing or wrong",
        403: "The request comes from a web page",
        404: "Not found, or no longer available",
        409: "The job is not finished yet",
        413: "The body is too large",
        415: "The content type is wrong",
        421: "The request is for another host",
        422: "The request is not valid; the remedy says what to change",
        429: "The queue is full; Retry-After says when to try again",
        503: "The engine is shutting down",
        507: "The disk is full",
    }.items()
}

router = APIRouter(prefix="/v1", responses=REFUSALS)


def engine_of(request: Request) -> EngineState:
    return request.app.state.engine


def body(kind: type[T]) -> Callable[[Request], Awaitable[T]]:
    """Reads a route's JSON body with the same strict reader that clients use."""

    async def read(request: Request) -> T:
        return loads(kind, await request.body())

    return read


def reply(value: object, status: int = 200) -> Response:
    return Response(dumps(value), status, media_type="application/json")


Engine = Annotated[EngineState, Depends(engine_of)]
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=8, max_length=100, pattern=r"^[!-~]+$")]


# engine


@router.post("/challenge", response_model=Proof, openapi_extra=json_body(protocol.Challenge) | {"security": []})
def challenge(engine: Engine, request: Annotated[protocol.Challenge, Depends(body(protocol.Challenge))]) -> Response:
    """Prove that this engine wrote the runtime file. The only request without a token."""
    return reply(Proof(proof(engine.runtime.token, request.nonce, engine.runtime.port)))


@router.get("/system", response_model=System)
def system(engine: Engine) -> Response:
    """The engine's state, memory, queue and versions."""
    process = psutil.Process()
    used, total = memory()
    return reply(
        System(
            version=VERSION,
            protocol=PROTOCOL,
            pid=os.getpid(),
            uptime=time.monotonic() - engine.started,
            model=engine.shelf.name,
            memory_used=used,
            memory_total=total,
            resident=process.memory_info().rss,
            threads=process.num_threads(),
            handles=process.num_handles() if os.name == "nt" else process.num_fds(),
            queued=engine.queue.waiting,
            running=engine.queue.running,
            leases=len(engine.leases),
            packages={name: metadata.version(name) for name in PACKAGES},
        )
    )


@router.get("/devices", response_model=Devices)
def list_devices() -> Response:
    """The devices that models can run on, the best first."""
    notes = tuple(devices())
    return reply(Devices(tuple(note.text for note in notes), notes))


@router.post("/shutdown", response_model=Done)
async def shutdown(engine: Engine) -> Response:
    """End the engine; unfinished jobs continue when it starts again."""
    engine.leave()
    return reply(Done())


# leases


@router.post("/leases", response_model=Lease, openapi_extra=json_body(LeaseRequest))
def take_lease(engine: Engine, request: Annotated[LeaseRequest, Depends(body(LeaseRequest))]) -> Response:
    """Take a lease, which keeps the engine alive."""
    return reply(engine.leases.take())


@router.post("/leases/{id}/renew", response_model=Lease)
def renew_lease(engine: Engine, id: str) -> Response:
    """Extend a lease."""
    return reply(engine.leases.renew(id))


@router.delete("/leases/{id}", response_model=Done)
def give_lease_back(engine: Engine, id: str) -> Response:
    """Release a lease."""
    engine.leases.give_back(id)
    return reply(Done())


# pictures


@router.post(
    "/images",
    response_model=ImageInfo,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in UPLOADED},
        }
    },
)
async def upload(engine: Engine, request: Request) -> Response:
    """Upload a picture; its id is the hash of its bytes."""
    data = await request.body()
    try:
        return reply(await run_in_threadpool(engine.pictures.add, data))
    except OSError as error:
        raise OutputError(
            "disk_full",
            "The engine could not save the picture: {reason}.",
            "Free some space.",
            reason=error.strerror,
        ) from error


# models and adapters


@router.get("/models", response_model=Models)
def get_models(engine: Engine) -> Response:
    """The models of the catalog."""
    return reply(Models(tuple(_model(engine, entry) for entry in list_models())))


@router.get("/models/{name}", response_model=Model)
def get_model(engine: Engine, name: str) -> Response:
    """One model of the catalog."""
    return reply(_model(engine, known_model(name)))


@router.post("/models/load", response_model=JobState, status_code=202, openapi_extra=json_body(LoadRequest))
def load(engine: Engine, request: Annotated[LoadRequest, Depends(body(LoadRequest))], key: Key = None) -> Response:
    """Load a model; the events report its progress."""
    return _submit(engine, "load", request, key)


@router.post("/models/unload", response_model=JobState, status_code=202, openapi_extra=json_body(UnloadRequest))
def unload(
    engine: Engine, request: Annotated[UnloadRequest, Depends(body(UnloadRequest))], key: Key = None
) -> Response:
    """Unload the current model after the jobs that are queued before."""
    return _submit(engine, "unload", request, key)


@router.get("/adapters", response_model=Adapters)
def get_adapters() -> Response:
    """The adapters of the catalog."""
    adapters = [protocol.Adapter(entry.name, entry.bytes_on_disk, entry.description) for entry in list_adapters()]
    return reply(Adapters(tuple(adapters)))


def _model(engine: EngineState, entry: ModelEntry) -> Model:
    loaded = entry.name == engine.shelf.name
    use = engine.shelf.memory_use if loaded else None
    return Model(entry.name, loaded, entry.bytes_on_disk, entry.description, use.text if use else "", use)


# jobs


@router.post("/plans", response_model=JobState, status_code=202, openapi_extra=json_body(PlanRequest))
def plan(engine: Engine, request: Annotated[PlanRequest, Depends(body(PlanRequest))], key: Key = None) -> Response:
    """Plan the chain of an edit, or of a new picture if no image is given."""
    return _submit(engine, "plan", request, key)


@router.post("/edits", response_model=JobState, status_code=202, openapi_extra=json_body(EditRequest))
def edit(engine: Engine, request: Annotated[EditRequest, Depends(body(EditRequest))], key: Key = None) -> Response:
    """Edit a picture, with the given chain or with one that is planned first."""
    return _submit(engine, "edit", request, key)


@router.post("/generations", response_model=JobState, status_code=202, openapi_extra=json_body(GenerateRequest))
def generate(
    engine: Engine, request: Annotated[GenerateRequest, Depends(body(GenerateRequest))], key: Key = None
) -> Response:
    """Generate a new picture from a caption."""
    return _submit(engine, "generate", request, key)


def _submit(engine: EngineState, kind: Kind, request: JobRequest, key: str | None) -> Response:
    image, model = getattr(request, "image", None), getattr(request, "model", None)
    if image is not None:
        engine.pictures.check(image)
    if model is not None:
        known_model(model)
    return reply(engine.queue.submit(kind, request, key or os.urandom(16).hex()), 202)


@router.get("/jobs", response_model=Jobs)
def get_jobs(engine: Engine, unacknowledged: Annotated[bool, Query()] = False) -> Response:
    """All jobs, or only those that are not acknowledged, the oldest first."""
    return reply(Jobs(tuple(engine.queue.list(unacknowledged))))


@router.get("/jobs/{id}", response_model=JobState)
def get_job(engine: Engine, id: str) -> Response:
    """The state of a job."""
    return reply(engine.queue.state(id))


@router.get(
    "/jobs/{id}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
def get_events(
    engine: Engine, id: str, last: Annotated[str, Header(alias="Last-Event-ID", max_length=60)] = ""
) -> StreamingResponse:
    """The events of a job as server-sent events, from the beginning or after `Last-Event-ID`."""
    engine.queue.state(id)
    return StreamingResponse(stream(engine, id, last), media_type="text/event-stream")


@router.post("/jobs/{id}/cancel", response_model=JobState)
def cancel(engine: Engine, id: str) -> Response:
    """Cancel a job: at once if it is waiting, at its next token or step if it is running."""
    return reply(engine.queue.cancel(id))


@router.post("/jobs/{id}/acknowledge", response_model=Done)
def acknowledge(engine: Engine, id: str) -> Response:
    """Acknowledge the outcome of a job; its result is removed."""
    engine.queue.acknowledge(id)
    return reply(Done())


@router.get("/jobs/{id}/result", response_model=JobResult)
def get_result(engine: Engine, id: str) -> Response:
    """The result of a job."""
    return reply(engine.queue.result(id))


@router.get(
    "/jobs/{id}/files/{name}",
    response_class=Response,
    responses={200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}}},
)
def get_file(engine: Engine, id: str, name: str) -> Response:
    """One picture of a result."""
    return Response(engine.queue.file(id, name), media_type="image/png")
