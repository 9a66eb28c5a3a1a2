"""Checks this machine: each finding names what was checked, what was found and, if it is wrong, the remedy."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from engine.api import launch
from engine.api.client import HANGS, EngineClient
from engine.api.errors import EngineError, EngineUnavailable
from engine.api.notes import Note
from engine.api.protocol import Model, System
from got_desktop import VERSION, catalog
from got_desktop.faults import log_file
from plugins import install as installation
from plugins.places import Machine, find

PACKAGES = ("torch", "transformers", "diffusers", "safetensors", "tokenizers", "pillow", "numpy", "typer", "rich")
SHIPPED_MODEL = "got-mini"
PLUGINS = {"Krita plug-in": "krita", "GIMP plug-in": "gimp"}
"""The host of each plug-in finding."""
_DISK_NEEDED = 2_000_000_000
_SOON = 3.0
"""Seconds to wait for an answer that comes at once unless the engine is still starting."""
_AGAIN = 1.0
_PASSING = (HANGS, "engine_gone")
"""Error codes of an engine that is starting or restarting."""
PATIENCE = launch.START_TIMEOUT
"""Seconds that the engine may take to answer."""
_SLOW = Note.of(
    "slow",
    "PyTorch cannot use a GPU here. got-mini works well without one; GoT-6B would need many minutes per picture.",
)
_PLACES = {
    "installed": "installed in {folder}",
    "not installed": "not installed in {folder}",
    "out of date": "out of date in {folder}",
    "not ours": "another plug-in is in {folder}",
}
"""A template for each state of a plug-in."""


@dataclass(frozen=True)
class Finding:
    """The result of one check."""

    what: str
    good: bool
    notes: tuple[Note, ...]
    """What was found."""
    remedy: Note | None = None
    hint: Note | None = None
    """A possible improvement of something that works."""
    waits: bool = False
    """The engine may still be starting and loading PyTorch: check again for a while before this counts."""

    @property
    def text(self) -> str:
        """What was found, in English."""
        return "; ".join(note.text for note in self.notes)

    @property
    def advice(self) -> Note | None:
        """The remedy, or the hint if the finding is good."""
        return self.hint if self.good else self.remedy

    def as_json(self) -> dict[str, Any]:
        """The finding as JSON values, in English."""
        remedy, hint = (note.text if note else "" for note in (self.remedy, self.hint))
        words = {"found": self.text, "remedy": remedy, "hint": hint}
        return {"what": self.what, "good": self.good, **words, "waits": self.waits}


def examine_patiently() -> list[Finding]:
    """Runs all checks until none has to wait for the engine, or the engine has had enough time to start."""
    deadline = time.monotonic() + PATIENCE
    findings = examine()
    while any(finding.waits for finding in findings) and time.monotonic() < deadline:
        time.sleep(_AGAIN)
        findings = examine()
    return findings


def examine() -> list[Finding]:
    """Runs all checks, with causes before their consequences."""
    checks: tuple[Callable[[], Finding], ...] = (_python, _packages, _memory, _disk, _log, _shipped_model)
    return [*(check() for check in checks), *(finding for what in PLUGINS for finding in _plugin(what)), *_engine()]


def _plugin(what: str) -> list[Finding]:
    """The plug-in's finding; empty if the host is not on this machine."""
    host = PLUGINS[what]
    try:
        statuses = [installation.status(place) for place in find(host, Machine.here())]
    except EngineError:
        return []
    notes = tuple(Note.of("plugin", _PLACES[status.state], folder=status.place.folder) for status in statuses)
    incomplete = any(status.state in installation.WANTING for status in statuses)
    hint = Note.of("plugin", "Install it with `got plugin install {host}`.", host=host) if incomplete else None
    return [Finding(what, True, notes, hint=hint)]


def install_plugin(what: str) -> None:
    """Installs the plug-in in every place of its host that lacks it or has an older one. Raises OutputError."""
    for place in find(PLUGINS[what], Machine.here()):
        if installation.status(place).state in installation.WANTING:
            installation.install(place)


def _python() -> Finding:
    version, system = platform.python_version(), f"{platform.system()} {platform.machine()}"
    note = Note.of(
        "program",
        "got_desktop {version}, Python {python} on {system}",
        version=VERSION,
        python=version,
        system=system,
    )
    remedy = Note.of("program", "Install Python 3.11 or newer and set up again.")
    return Finding("Program", sys.version_info >= (3, 11), (note,), remedy)


def _packages() -> Finding:
    versions, missing = [], []
    for name in PACKAGES:
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    absent = Note.of("packages", "missing: {names}", names=", ".join(missing))
    note = absent if missing else Note(", ".join(versions))
    remedy = Note.of("packages", "Set up again with `python bootstrap.py demo`.")
    return Finding("Packages", not missing, (note,), remedy)


def _engine() -> list[Finding]:
    """The engine, which is started if necessary, and its devices."""
    try:
        with launch.connect("got doctor") as engine:
            system = engine.client.system()
            loaded = next((model for model in engine.client.models().models if model.loaded), None)
            return [Finding("Engine", True, (_running(system, loaded),)), _devices(engine.client)]
    except EngineError as error:
        return [_failing("Engine", error)]


def _running(system: System, model: Model | None) -> Note:
    if model is None:
        return Note.of(
            "engine",
            "running: process {pid}, version {version}, no model loaded",
            pid=system.pid,
            version=system.version,
        )
    return Note.of(
        "engine",
        "running: process {pid}, version {version}, {model} loaded: {how}",
        pid=system.pid,
        version=system.version,
        model=model.name,
        how=model.memory_use_in_parts or model.memory_use,
    )


def _failing(what: str, error: EngineError) -> Finding:
    return Finding(what, False, (error.parts[0],), error.parts[1], waits=error.code in _PASSING)


def _devices(client: EngineClient) -> Finding:
    try:
        devices = EngineClient(client.runtime, _SOON).devices()
        return Finding("Devices", True, devices, hint=_SLOW if len(devices) == 1 else None)
    except EngineUnavailable as error:
        return _failing("Devices", error)
    except EngineError as error:  # a library that torch needs does not load
        note = Note.of("torch", "PyTorch cannot be loaded: {why}", why=error.parts[0])
        return Finding(
            "Devices", False, (note,), Note.of("torch", "Set up again with the PyTorch build for this machine.")
        )


def _memory() -> Finding:
    if not hasattr(os, "sysconf"):
        return Finding("Memory", True, (Note.of("memory", "unknown on this system"),))
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    note = Note.of("memory", "{size:.1f} GB in total", size=total / 1e9)
    remedy = Note.of("memory", "got-mini needs about 3 GB; use a machine with more memory.")
    return Finding("Memory", total > 3e9, (note,), remedy)


def _disk() -> Finding:
    folder = Path.cwd()
    free = shutil.disk_usage(folder).free
    note = Note.of("disk", "{size:.1f} GB free in {folder}", size=free / 1e9, folder=folder)
    remedy = Note.of("disk", "Free some space, or work in another folder.")
    return Finding("Disk", free > _DISK_NEEDED, (note,), remedy)


def _log() -> Finding:
    path = log_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a"):
            pass
    except OSError as error:
        remedy = Note.of("log", "Make that folder writable; error reports are saved there.")
        return Finding("Log", False, (Note(f"{path}: {error.strerror}"),), remedy)
    return Finding("Log", True, (Note(str(path)),))


def _shipped_model() -> Finding:
    try:
        info = catalog.model_info(SHIPPED_MODEL)
    except EngineError as error:
        reinstall = Note.of("model", "Clone or install the project again.")
        return Finding("Model", False, (error.parts[0],), error.parts[1] if error.remedy else reinstall)
    names = Note(", ".join(model["name"] for model in catalog.model_list()))
    size = Note.of("model", "{name} draws at {side}×{side}", name=SHIPPED_MODEL, side=info["image_size"])
    return Finding("Model", True, (names, size))
