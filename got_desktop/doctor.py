"""Examines this machine: each finding says what was looked at, what is there and, where it is wrong, the remedy."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from engine.api import launch
from engine.api.client import HANGS, EngineClient
from engine.api.errors import EngineError, EngineUnavailable
from got_desktop import VERSION, catalog
from got_desktop.faults import log_file
from plugins import install as installation
from plugins.places import Machine, find

PACKAGES = ("torch", "transformers", "diffusers", "safetensors", "tokenizers", "pillow", "numpy", "typer", "rich")
SHIPPED_MODEL = "got-mini"
PLUGINS = {"Krita plug-in": "krita", "GIMP plug-in": "gimp"}
"""Findings on the hosts' plug-ins, and their hosts."""
_DISK_NEEDED = 2_000_000_000
_SOON = 3.0
"""Seconds for an answer that comes at once unless the engine still starts."""
_AGAIN = 1.0
_PASSING = (HANGS, "engine_gone")
"""What is said of an engine that is still starting, or is just started anew."""
PATIENCE = launch.START_TIMEOUT
"""Seconds that an engine may take until it answers."""
_SLOW = "No graphics card that PyTorch can use: got-mini works well without, GoT-6B would take many minutes a picture."


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    good: bool
    found: str
    remedy: str = ""
    hint: str = ""
    """What would make it better, where it is good enough."""
    waits: bool = False
    """It may be only that the engine still starts, and loads PyTorch: look again for a while before it counts."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def examine_patiently() -> list[Finding]:
    """Everything, once all of it can be said, or the engine has had time enough to start."""
    deadline = time.monotonic() + PATIENCE
    findings = examine()
    while any(finding.waits for finding in findings) and time.monotonic() < deadline:
        time.sleep(_AGAIN)
        findings = examine()
    return findings


def examine() -> list[Finding]:
    """Everything, in the order in which a cause comes before what follows from it."""
    checks: tuple[Callable[[], Finding], ...] = (_python, _packages, _memory, _disk, _log, _shipped_model)
    return [*(check() for check in checks), *(found for what in PLUGINS for found in _plugin(what)), *_engine()]


def _plugin(what: str) -> list[Finding]:
    """Nothing of a host that is not on this machine."""
    host = PLUGINS[what]
    try:
        statuses = [installation.status(place) for place in find(host, Machine.here())]
    except EngineError:
        return []
    found = "; ".join(f"{status.state} in {status.place.folder}" for status in statuses)
    lacks = any(status.state in installation.WANTING for status in statuses)
    return [Finding(what, True, found, hint=f"`got plugin install {host}` puts it in its place." if lacks else "")]


def put_plugin_in(what: str) -> None:
    """Into every place of its host that lacks it, or has an older one. Raises OutputError."""
    for place in find(PLUGINS[what], Machine.here()):
        if installation.status(place).state in installation.WANTING:
            installation.install(place)


def _python() -> Finding:
    version, system = platform.python_version(), f"{platform.system()} {platform.machine()}"
    found = f"got_desktop {VERSION}, Python {version} on {system}"
    return Finding("Program", sys.version_info >= (3, 11), found, "Install Python 3.11 or newer and set up again.")


def _packages() -> Finding:
    versions, missing = [], []
    for name in PACKAGES:
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    found = f"missing: {', '.join(missing)}" if missing else ", ".join(versions)
    return Finding("Packages", not missing, found, "Set up again with `python bootstrap.py demo`.")


def _engine() -> list[Finding]:
    """The engine, started if need be, and what it can calculate on."""
    try:
        with launch.connect("got doctor") as engine:
            system = engine.client.system()
            using = next((model.memory_use for model in engine.client.models().models if model.loaded), "")
            model = f", {system.model} loaded: {using}" if system.model else ", no model loaded"
            found = f"runs: process {system.pid}, version {system.version}{model}"
            return [Finding("Engine", True, found), _devices(engine.client)]
    except EngineError as error:
        return [Finding("Engine", False, error.message, error.remedy, waits=error.code in _PASSING)]


def _devices(client: EngineClient) -> Finding:
    try:
        devices = EngineClient(client.runtime, _SOON).devices()
        return Finding("Devices", True, "; ".join(devices), hint=_SLOW if len(devices) == 1 else "")
    except EngineUnavailable as error:
        return Finding("Devices", False, error.message, error.remedy, waits=error.code in _PASSING)
    except EngineError as error:  # a library of torch's that does not load
        remedy = "Set up again, with the build for this machine."
        return Finding("Devices", False, f"torch does not start: {error.message}", remedy)


def _memory() -> Finding:
    if not hasattr(os, "sysconf"):
        return Finding("Memory", True, "not known on this system")
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Finding(
        "Memory", total > 3e9, f"{total / 1e9:.1f} GB in all", "got-mini needs about 3 GB: use a larger machine."
    )


def _disk() -> Finding:
    folder = Path.cwd()
    free = shutil.disk_usage(folder).free
    return Finding(
        "Disk",
        free > _DISK_NEEDED,
        f"{free / 1e9:.1f} GB free in {folder}",
        "Free some space, or work in another folder.",
    )


def _log() -> Finding:
    path = log_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a"):
            pass
    except OSError as error:
        return Finding("Log", False, f"{path}: {error.strerror}", "Make that folder writable; faults are kept there.")
    return Finding("Log", True, str(path))


def _shipped_model() -> Finding:
    try:
        info = catalog.model_info(SHIPPED_MODEL)
    except EngineError as error:
        return Finding("Model", False, error.message, error.remedy or "Clone or install the project again.")
    names = ", ".join(model["name"] for model in catalog.model_list())
    return Finding("Model", True, f"{names}; {SHIPPED_MODEL} draws at {info['image_size']}×{info['image_size']}")
