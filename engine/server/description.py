"""The OpenAPI description of the engine, generated from the dataclasses of requests and replies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from engine.api.protocol import ErrorReply
from engine.server.bodies import BODIES, SCHEMAS


def describe(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """A replacement for `app.openapi` that adds the request bodies, the token and the error replies."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            schemas = document["components"]["schemas"]
            for name, kind in [*BODIES.items(), ("ErrorReply", ErrorReply)]:
                schema = TypeAdapter(kind).json_schema(ref_template=SCHEMAS)
                schemas.update(schema.pop("$defs", {}))
                schemas[name] = schema
            for kind in BODIES:
                schemas[kind]["additionalProperties"] = False
            document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            document["security"] = [{"token": []}]
            app.openapi_schema = document
        return app.openapi_schema

    return openapi
