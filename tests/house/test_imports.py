"""Import contracts: those in pyproject.toml hold, and they cover every room of the engine."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

API_AND_STDLIB = {"engine", *sys.stdlib_module_names}


def imported_modules(source: str) -> set[str]:
    """All absolute imports of a module, at any place in its text; relative ones stay in their package."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module)
    return names


def foreign_imports(source: str) -> set[str]:
    """Imports that are neither from the standard library nor from engine.api."""
    other_rooms = re.compile(r"engine(?!\.api(\.|$))")
    names = imported_modules(source)
    return {name for name in names if name.split(".")[0] not in API_AND_STDLIB or other_rooms.match(name)}


def contracts(root: Path) -> list[dict]:
    return tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def test_the_contracts_hold(root: Path):
    lint = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert lint, "import-linter is part of the extra `dev`"
    process = subprocess.run([lint, "--no-cache"], cwd=root, capture_output=True, text=True)
    assert process.returncode == 0, process.stdout
    assert f"Contracts: {len(contracts(root))} kept, 0 broken" in process.stdout


def test_every_room_of_the_engine_but_the_public_api_is_closed_to_the_app(root: Path):
    rooms = {f"engine.{folder.parent.name}" for folder in (root / "engine").glob("*/__init__.py")}
    closed = next(contract["forbidden_modules"] for contract in contracts(root) if "3." in contract["name"])
    assert rooms - set(closed) == {"engine.api"}


@pytest.mark.parametrize("source", ["import numpy", "def f():\n    from PIL import Image", "import engine.got"])
def test_a_foreign_import_is_seen(source: str):
    assert foreign_imports(source)


def test_the_public_api_needs_nothing_but_the_standard_library(root: Path):
    files = sorted((root / "engine" / "api").rglob("*.py"))
    assert files
    assert {file.name: foreign_imports(file.read_text()) for file in files} == {file.name: set() for file in files}
