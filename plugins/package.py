"""Assembles a plug-in: its own code, the shared code, a copy of the engine's public API and the translations.

`python -m plugins.package FOLDER` writes the zips. A host has one Python for all its plug-ins, so no module may have a
common name: everything goes into one package, and the imports are rewritten.
"""

from __future__ import annotations

import argparse
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from engine.api.protocol import PROTOCOL

ROOT = Path(__file__).resolve().parents[1]
TRANSLATIONS = ROOT / "resources" / "translations"
MARKER = "got_desktop.json"
"""The marker in each plug-in's folder: who installed it, and how to start the engine."""
EXECUTABLE = 0o755


@dataclass(frozen=True)
class Plugin:
    """The parts of a plug-in. Paths are relative to the folder that the host searches."""

    host: str
    folder: str
    """The plug-in's own folder, which contains the marker."""
    package: str
    """The package with the code; the last part of this path is its import name."""
    entry: dict[str, str]
    """Target path -> file in `plugins`, for files outside the package."""

    @property
    def import_name(self) -> str:
        return self.package.rsplit("/", 1)[-1]


KRITA = Plugin(
    "krita",
    "pykrita/got_krita",
    "pykrita/got_krita",
    {"pykrita/got_krita.desktop": "krita/got_krita.desktop", "actions/got_krita.action": "krita/got_krita.action"},
)
# GIMP starts the script that has the same name as its folder, in a process of its own
GIMP = Plugin("gimp", "got_gimp", "got_gimp/got_parts", {"got_gimp/got_gimp.py": "gimp/got_gimp.py"})
PLUGINS = {plugin.host: plugin for plugin in (KRITA, GIMP)}


def files(plugin: Plugin, engine_command: list[str] | None) -> dict[str, bytes]:
    """Path -> contents of all files of the plug-in.

    `engine_command` starts the engine of this machine. None: it is not known, as in a zip.
    """
    contents = {path: _rewritten(ROOT / "plugins" / source, plugin) for path, source in plugin.entry.items()}
    for path, source in _sources(plugin):
        contents[f"{plugin.package}/{path}"] = _rewritten(source, plugin)
    for catalog in sorted(TRANSLATIONS.glob("*/LC_MESSAGES/*.mo")):
        path = catalog.relative_to(TRANSLATIONS).as_posix()
        contents[f"{plugin.package}/translations/{path}"] = catalog.read_bytes()
    marker = {"plugin": plugin.host, "protocol": PROTOCOL, "engine_command": engine_command}
    contents[f"{plugin.folder}/{MARKER}"] = json.dumps(marker, indent=2).encode()
    return contents


def is_executable(path: str) -> bool:
    """GIMP starts a script only if it is executable."""
    return path == "got_gimp/got_gimp.py"


def _sources(plugin: Plugin) -> Iterator[tuple[str, Path]]:
    """(path in the package, file)"""
    entry_files = {ROOT / "plugins" / source for source in plugin.entry.values()}
    for place, folder in (("", f"plugins/{plugin.host}"), ("common/", "plugins/common"), ("api/", "engine/api")):
        for file in sorted((ROOT / folder).glob("*.py")):
            if file not in entry_files:
                yield place + file.name, file


def _rewritten(source: Path, plugin: Plugin) -> bytes:
    text = source.read_text(encoding="utf-8")
    if source.suffix != ".py":
        return text.encode()
    name = plugin.import_name
    for before, after in (
        (r"engine\.api", f"{name}.api"),
        (r"plugins\.common", f"{name}.common"),
        (rf"plugins\.{plugin.host}", name),
    ):
        text = re.sub(rf"(?m)^(\s*(?:from|import) ){before}\b", rf"\g<1>{after}", text)
    return text.encode()


def write_zip(plugin: Plugin, path: Path) -> None:
    """Writes the plug-in as a zip for manual installation. Equal files give equal bytes."""
    contents = {name.removeprefix("pykrita/"): (name, data) for name, data in files(plugin, None).items()}
    folders = {f"{folder.as_posix()}/" for name in contents for folder in PurePosixPath(name).parents}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for folder in sorted(folders - {"./"}):  # Krita's importer looks for the entry of the plug-in's folder
            entry = zipfile.ZipInfo(folder)
            entry.external_attr = (0o040755 << 16) | 0x10  # 0x10: a folder, for Windows
            archive.writestr(entry, b"")
        for zipped, (name, data) in sorted(contents.items()):
            entry = zipfile.ZipInfo(zipped)
            entry.external_attr = (0o100000 | (EXECUTABLE if is_executable(name) else 0o644)) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the plug-ins' zips for manual installation.")
    parser.add_argument("folder", type=Path, help="folder for got_krita.zip and got_gimp.zip")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for plugin in PLUGINS.values():
        path = folder / f"got_{plugin.host}.zip"
        write_zip(plugin, path)
        print(path)


if __name__ == "__main__":
    main()
