"""The folders in which Krita and GIMP look for plug-ins, on each system and for each kind of installation."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.api.errors import EngineError

_GIMP_2, _GIMP_3 = ("gimp-2.10", "gimp-2.8"), ("gimp-3.0", "gimp-3.2")
PROGRAMS = ("krita", *_GIMP_2, *_GIMP_3)
"""Program names of the hosts' packages."""


@dataclass(frozen=True)
class Place:
    """A host's folder of one user."""

    host: str
    kind: str
    """Kind of installation: "native", "Flatpak", "Snap" or "Microsoft Store". AppImages use the native folders."""
    folder: Path
    """Krita's resource folder, which contains `pykrita`, or GIMP's folder `plug-ins`."""
    settings: Path | None = None
    """Krita's kritarc, which stores the enabled plug-ins. None: the user has to enable the plug-in."""


@dataclass(frozen=True)
class Machine:
    """The facts about a machine on which the places depend."""

    system: str
    """Value of sys.platform."""
    home: Path
    environment: Mapping[str, str]
    programs: frozenset[str]
    """The programs in `PROGRAMS` that can be started."""

    @classmethod
    def here(cls) -> Machine:
        programs = frozenset(name for name in PROGRAMS if shutil.which(name))
        return cls(sys.platform, Path.home(), os.environ, programs)

    def folder(self, variable: str, default: str) -> Path:
        value = self.environment.get(variable)
        return Path(value) if value else self.home / default


def find(host: str, machine: Machine) -> list[Place]:
    """The places of a host on this machine. Raises EngineError with a remedy if there are none."""
    places = [place for place in (_krita if host == "krita" else _gimp)(machine)]
    if places:
        return places
    if host == "krita":
        raise EngineError(
            "krita_not_found",
            "Krita was not found.",
            "Install it and start it once, or specify its resource folder with --target.",
        )
    if _has_old_gimp(machine):
        raise EngineError(
            "gimp_too_old",
            "GIMP 2 was found, but the plug-in needs GIMP 3.",
            "Install GIMP 3 and start it once.",
        )
    raise EngineError(
        "gimp_not_found",
        "GIMP 3 was not found.",
        "Install it and start it once, or specify its plug-ins folder with --target.",
    )


def _krita(machine: Machine) -> Iterator[Place]:
    for kind, data, config in _krita_candidates(machine):
        program = kind == "native" and "krita" in machine.programs
        if program or data.is_dir() or config.is_file():
            yield Place("krita", kind, data, config)


def _krita_candidates(machine: Machine) -> list[tuple[str, Path, Path]]:
    """(kind, resource folder, kritarc)"""
    home = machine.home
    if machine.system == "win32":
        local = machine.folder("LOCALAPPDATA", "AppData/Local")
        native = ("native", machine.folder("APPDATA", "AppData/Roaming") / "krita", local / "kritarc")
        caches = [package / "LocalCache" for package in sorted((local / "Packages").glob("49800Krita_*"))]
        return [native, *(("Microsoft Store", one / "Roaming/krita", one / "Local/kritarc") for one in caches)]
    if machine.system == "darwin":
        library = home / "Library"
        return [("native", library / "Application Support" / "krita", library / "Preferences" / "kritarc")]
    data, config = machine.folder("XDG_DATA_HOME", ".local/share"), machine.folder("XDG_CONFIG_HOME", ".config")
    flatpak, snap = home / ".var/app/org.kde.krita", home / "snap/krita/current"
    return [
        ("native", data / "krita", config / "kritarc"),
        ("Flatpak", flatpak / "data/krita", flatpak / "config/kritarc"),
        ("Snap", snap / ".local/share/krita", snap / ".config/kritarc"),
    ]


def _gimp(machine: Machine) -> Iterator[Place]:
    directory = machine.environment.get("GIMP3_DIRECTORY")
    if directory:
        yield Place("gimp", "native", Path(directory) / "plug-ins")
        return
    for kind, folder in _gimp_candidates(machine):
        versions = sorted(folder.glob("3.*"))
        if not versions and kind == "native":
            versions = [folder / name.removeprefix("gimp-") for name in _GIMP_3 if name in machine.programs]
        for version in versions:
            yield Place("gimp", kind, version / "plug-ins")


def _gimp_candidates(machine: Machine) -> list[tuple[str, Path]]:
    """(kind, folder with one folder per version)"""
    home = machine.home
    if machine.system == "win32":
        return [("native", machine.folder("APPDATA", "AppData/Roaming") / "GIMP")]
    if machine.system == "darwin":
        return [("native", home / "Library" / "Application Support" / "GIMP")]
    return [
        ("native", machine.folder("XDG_CONFIG_HOME", ".config") / "GIMP"),
        ("Flatpak", home / ".var/app/org.gimp.GIMP/config/GIMP"),
        ("Snap", home / "snap/gimp/current/.config/GIMP"),
    ]


def _has_old_gimp(machine: Machine) -> bool:
    folders = any(list(folder.glob("2.*")) for _, folder in _gimp_candidates(machine))
    return folders or not machine.programs.isdisjoint(_GIMP_2)
