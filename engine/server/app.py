"""The application: its routes, and the responses to errors."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from engine import VERSION
from engine.api.encoding import dumps
from engine.api.errors import Busy, EngineError, EngineUnavailable, NotFound, OutputError, RequestError
from engine.api.protocol import ErrorReply
from engine.server.description import describe
from engine.server.guard import Guard
from engine.server.routes import router
from engine.server.state import EngineState

RETRY_AFTER = 10
"""Seconds after which a client may try again."""

log = logging.getLogger(__name__)


def make_app(engine: EngineState) -> Guard:
    """The engine's application with access control."""
    app = bare_app()
    app.state.engine = engine
    settings, runtime = engine.settings, engine.runtime
    return Guard(app, runtime.token, runtime.port, settings.upload, settings.body)


def bare_app() -> FastAPI:
    """All routes, without an engine and without access control: the source of the OpenAPI description."""
    app = FastAPI(
        title="got_desktop engine",
        version=VERSION,
        description="Plans and renders pictures for the programs of one user on one machine.",
        docs_url=None,  # these pages would load scripts from other servers
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.include_router(router)
    app.add_exception_handler(EngineError, _answer)
    app.add_exception_handler(sqlite3.OperationalError, _answer_disk)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(RequestValidationError, _answer_parameters)
    app.add_exception_handler(Exception, _answer_unexpected)
    app.openapi = describe(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    engine: EngineState = app.state.engine
    engine.open()
    watch = asyncio.create_task(engine.watch())
    yield
    engine.leave()
    watch.cancel()
    with suppress(asyncio.CancelledError):
        await watch
    await asyncio.to_thread(engine.close)


def status_of(error: EngineError) -> int:
    """The HTTP status for an error."""
    if error.code == "job_not_over":
        return 409
    kinds: dict[type[EngineError], int] = {NotFound: 404, Busy: 429, OutputError: 507, EngineUnavailable: 503}
    return next((status for kind, status in kinds.items() if isinstance(error, kind)), 422)


def _refusal(error: EngineError, status: int) -> Response:
    headers = {"Retry-After": str(RETRY_AFTER)} if status == 429 else None
    return Response(dumps(ErrorReply.of(error)), status, headers, media_type="application/json")


async def _answer(request: Request, error: Exception) -> Response:
    assert isinstance(error, EngineError)
    return _refusal(error, 404 if error.code == "model_unknown" else status_of(error))


async def _answer_disk(request: Request, error: Exception) -> Response:
    full = OutputError(
        "disk_full",
        "The engine could not write to disk: {error}.",
        "Free some space.",
        error=error,
    )
    return _refusal(full, 507)


async def _answer_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    missing = NotFound("not_here", "{detail}.", "See the engine's OpenAPI description.", detail=error.detail)
    response = _refusal(missing, error.status_code)
    response.headers.update(error.headers or {})
    return response


async def _answer_parameters(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    wrong = RequestError("parameter_wrong", "“{where}”: {problem}.", "Correct it.", where=where, problem=first["msg"])
    return _refusal(wrong, 422)


async def _answer_unexpected(request: Request, error: Exception) -> Response:
    log.error("request failed unexpectedly", extra={"path": request.url.path, "fault": traceback.format_exc()})
    reply = EngineError(
        "unexpected", "An unexpected error occurred in the engine.", "See the engine's log for details."
    )
    return _refusal(reply, 500)
