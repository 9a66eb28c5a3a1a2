"""The saved OpenAPI description matches the engine's requests and replies."""

import json
from pathlib import Path

from engine.server.app import bare_app

SAVED = Path("docs") / "openapi.json"


def test_the_saved_document_is_up_to_date(root):
    """Regenerate it with `python -m engine.server.openapi > docs/openapi.json`."""
    saved = json.loads((root / SAVED).read_text(encoding="utf-8"))
    assert saved == json.loads(json.dumps(bare_app().openapi()))


def test_every_route_is_described_and_needs_the_token():
    document = bare_app().openapi()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"] and operation["description"], (method, path)
            assert ("security" in operation) == (path == "/v1/challenge")
    assert document["security"] == [{"token": []}]


def test_every_reference_can_be_resolved():
    document = bare_app().openapi()
    text = json.dumps(document)
    names = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert names and names <= set(document["components"]["schemas"])
