"""Who may import whom: the contracts in pyproject.toml hold and leave no room of the engine out; there is no circle."""

import ast
import copy
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

DOOR_AND_STDLIB = {"engine", *sys.stdlib_module_names}
PACKAGES = ("engine", "got_desktop", "plugins", "training")
CANVAS = "got_desktop.ui.canvas"
CLOSES_A_CIRCLE = {
    (f"{CANVAS}_keys", CANVAS): "what keys do on the canvas, in a file of its own; the canvas is named as a type only",
    (f"{CANVAS}_mouse", CANVAS): "what the mouse does there, likewise",
}
"""(importer, imported) -> why they may import each other."""


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


def circles(graph: grimp.ImportGraph) -> list[list[str]]:
    """Groups of modules that import each other, if over others; imports in functions and for types count, too."""
    over = {module: graph.find_upstream_modules(module) for module in graph.modules}
    groups = {frozenset({one, *(other for other in over[one] if one in over[other])}) for one in over}
    return sorted(sorted(group) for group in groups if len(group) > 1)


@pytest.fixture(scope="module")
def imports(root: Path) -> grimp.ImportGraph:
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    assert "training.__main__" in graph.modules
    return graph


def test_no_imports_go_round_in_a_circle(imports: grimp.ImportGraph):
    graph = copy.deepcopy(imports)
    for importer, imported in CLOSES_A_CIRCLE:
        graph.remove_import(importer=importer, imported=imported)
    assert circles(graph) == []


@pytest.mark.parametrize(("importer", "imported"), CLOSES_A_CIRCLE)
def test_a_circle_that_is_allowed_is_there(imports: grimp.ImportGraph, importer: str, imported: str):
    assert imports.direct_import_exists(importer=importer, imported=imported)
    assert imports.chain_exists(importer=imported, imported=importer)


def package(folder: Path, monkeypatch: pytest.MonkeyPatch, **sources: str) -> grimp.ImportGraph:
    """A package of its own with these modules."""
    name = f"package_in_{folder.name}"
    (folder / name).mkdir()
    for module, source in {"__init__": "", **sources}.items():
        (folder / name / f"{module}.py").write_text(source.format(package=name))
    monkeypatch.syspath_prepend(folder)
    return grimp.build_graph(name, cache_dir=None)


@pytest.mark.parametrize(
    "back",
    [
        "import {package}.one",
        "from {package}.one import thing",
        "from {package} import one",
        "from . import one",
        "def f():\n    from {package} import one",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from {package}.one import Thing",
    ],
)
def test_a_circle_is_seen(back: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    graph = package(tmp_path, monkeypatch, one="from {package} import two", two="import {package}.three", three=back)
    assert [[name.split(".")[1] for name in circle] for circle in circles(graph)] == [["one", "three", "two"]]


def test_imports_that_go_one_way_are_no_circle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    graph = package(tmp_path, monkeypatch, one="from {package} import two, three", two="from . import three", three="")
    assert circles(graph) == []
