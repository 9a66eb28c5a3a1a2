"""The plug-ins as they are installed: their imports, their Python version, and that no module is missing."""

import ast
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from engine.api import language
from plugins.package import GIMP, KRITA, PLUGINS, Plugin, files, write_zip

HOSTS_MODULES = {"krita", "PyQt5", "PyQt6", "gi"}


def sources(plugin: Plugin) -> dict[str, str]:
    return {path: data.decode() for path, data in files(plugin, None).items() if path.endswith(".py")}


def imported(source: str, oldest: tuple[int, int]) -> set[str]:
    tree = ast.parse(source, feature_version=oldest)
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("plugin", PLUGINS.values(), ids=PLUGINS)
def test_only_the_standard_library_the_host_and_the_copy_are_imported(plugin: Plugin):
    allowed = {*sys.stdlib_module_names, *HOSTS_MODULES, plugin.import_name}
    strangers = {
        path: bad
        for path, source in sources(plugin).items()
        if (bad := {name for name in imported(source, (3, 10)) if name.split(".")[0] not in allowed})
    }
    assert strangers == {}


@pytest.mark.parametrize("plugin", PLUGINS.values(), ids=PLUGINS)
def test_every_module_that_is_imported_from_the_copy_is_there(plugin: Plugin):
    parent = plugin.package.removesuffix(plugin.import_name)
    there = {path.removeprefix(parent).removesuffix(".py").removesuffix("/__init__") for path in sources(plugin)}
    modules = {name for source in sources(plugin).values() for name in imported(source, (3, 10))}
    own = {name.replace(".", "/") for name in modules if name.split(".")[0] == plugin.import_name}
    assert own and own <= there


@pytest.mark.parametrize("plugin", PLUGINS.values(), ids=PLUGINS)
def test_the_copy_of_the_public_api_works_alone(plugin: Plugin, tmp_path: Path):
    for path, data in files(plugin, None).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    package = tmp_path / plugin.package
    (package / "__init__.py").write_text("")  # the host's own modules are not available
    name = plugin.import_name
    program = f"from {name}.api.launch import connect; from {name}.common.session import Session; print('ok')"
    process = subprocess.run([sys.executable, "-S", "-c", program], cwd=package.parent, capture_output=True, text=True)
    assert process.stdout == "ok\n", process.stderr


def test_a_zip_holds_what_krita_imports_by_hand(tmp_path: Path):
    write_zip(KRITA, tmp_path / "got_krita.zip")
    names = zipfile.ZipFile(tmp_path / "got_krita.zip").namelist()
    assert {"got_krita.desktop", "got_krita/", "got_krita/__init__.py", "got_krita/api/launch.py"} <= set(names)
    assert len(names) == len(set(names))


@pytest.mark.parametrize("plugin", PLUGINS.values(), ids=PLUGINS)
def test_equal_files_give_equal_zips(plugin: Plugin, tmp_path: Path):
    for name in ("one.zip", "two.zip"):
        write_zip(plugin, tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_the_zip_for_gimp_keeps_the_run_bit(tmp_path: Path):
    write_zip(GIMP, tmp_path / "got_gimp.zip")
    entry = zipfile.ZipFile(tmp_path / "got_gimp.zip").getinfo("got_gimp/got_gimp.py")
    assert entry.external_attr >> 16 & 0o111


@pytest.mark.parametrize("plugin", PLUGINS.values(), ids=PLUGINS)
def test_the_translations_come_along(plugin: Plugin, tmp_path: Path):
    for path, data in files(plugin, None).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    language.choose(tmp_path / plugin.package / "translations", ["de"])
    assert language.translate("Planning") == "Plant"
