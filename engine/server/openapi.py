"""`python -m engine.server.openapi > docs/openapi.json`: regenerates the engine's OpenAPI description."""

from __future__ import annotations

import json
import sys

from engine.server.app import bare_app


def main() -> None:
    sys.stdout.write(json.dumps(bare_app().openapi(), indent=2) + "\n")


if __name__ == "__main__":
    main()
