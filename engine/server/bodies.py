"""The bodies that routes read themselves: each route names its dataclass here, so that OpenAPI can describe it."""

from __future__ import annotations

from typing import Any

SCHEMAS = "#/components/schemas/{model}"
"""Where a document of OpenAPI keeps a dataclass's schema."""
BODIES: dict[str, type] = {}
"""Name -> dataclass, of every route that is loaded."""


def json_body(kind: type) -> dict[str, Any]:
    """For a route's `openapi_extra`: it takes this dataclass as JSON."""
    BODIES[kind.__name__] = kind
    schema = {"$ref": SCHEMAS.format(model=kind.__name__)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}
