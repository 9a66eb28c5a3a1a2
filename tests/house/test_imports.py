"""Who may import whom: the contracts in pyproject.toml hold, and they leave no room of the engine out."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

DOOR_AND_STDLIB = {"engine", *sys.stdlib_module_names}


def imported_modules(source: str) -> set[str]:
    """Every absolute import of a module, wherever it stands in the text; a relative one stays in its package."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module)
    return names


def strangers(source: str) -> set[str]:
    """What the source imports that is neither of the standard library nor of engine.api."""
    other_rooms = re.compile(r"engine(?!\.api(\.|$))")
    names = imported_modules(source)
    return {name for name in names if name.split(".")[0] not in DOOR_AND_STDLIB or other_rooms.match(name)}


def contracts(root: Path) -> list[dict]:
    return tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def test_the_contracts_hold(root: Path):
    lint = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert lint, "import-linter is part of the extra `dev`"
    done = subprocess.run([lint, "--no-cache"], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert f"Contracts: {len(contracts(root))} kept, 0 broken" in done.stdout


def test_every_room_of_the_engine_but_its_door_is_closed_to_the_app(root: Path):
    rooms = {f"engine.{folder.parent.name}" for folder in (root / "engine").glob("*/__init__.py")}
    closed = next(contract["forbidden_modules"] for contract in contracts(root) if "3." in contract["name"])
    assert rooms - set(closed) == {"engine.api"}


@pytest.mark.parametrize("source", ["import numpy", "def f():\n    from PIL import Image", "import engine.got"])
def test_a_stranger_at_the_door_is_seen(source: str):
    assert strangers(source)


def test_the_door_needs_nothing_but_the_standard_library(root: Path):
    files = sorted((root / "engine" / "api").rglob("*.py"))
    assert files
    assert {file.name: strangers(file.read_text()) for file in files} == {file.name: set() for file in files}
