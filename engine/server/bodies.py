"""The JSON bodies of requests: each route registers its dataclass here, so that OpenAPI can describe it."""

from __future__ import annotations

from typing import Any

SCHEMAS = "#/components/schemas/{model}"
"""Where an OpenAPI document keeps a dataclass's schema."""
BODIES: dict[str, type] = {}
"""Name -> dataclass, for every route."""


def json_body(kind: type) -> dict[str, Any]:
    """Returns the `openapi_extra` of a route that takes this dataclass as JSON."""
    BODIES[kind.__name__] = kind
    schema = {"$ref": SCHEMAS.format(model=kind.__name__)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
