"""Installs, updates and removes the plug-ins in the hosts' folders, and reports their state."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import engine
from engine.api.errors import OutputError
from engine.api.files import replace_file
from plugins.package import EXECUTABLE, MARKER, PLUGINS, Plugin, files, is_executable
from plugins.places import Place

WANTING = ("not installed", "out of date")
"""States in which the plug-in can be installed."""
_ENABLE = "enable_got_krita"


@dataclass(frozen=True)
class Status:
    """The state of a plug-in at one place."""

    place: Place
    state: str
    """ "installed", "out of date", "not installed" or "not ours"."""


def engine_command() -> list[str]:
    """The command with which a host starts the engine of this installation, whatever its own Python settings are."""
    root = str(Path(engine.__file__).resolve().parents[1])
    program = f"import runpy, sys; sys.path.insert(0, {root!r}); runpy.run_module('engine', run_name='__main__')"
    return [sys.executable, "-I", "-c", program]  # -I: ignore the host's PYTHON… variables


def install(place: Place) -> Path:
    """Installs the plug-in in one step, replacing an older version. Returns its folder.

    Raises OutputError if something else is in its place, or if it cannot be written.
    """
    plugin = PLUGINS[place.host]
    target = place.folder / plugin.folder
    _refuse_strangers(place, plugin)
    try:
        _put(place, plugin)
        if place.settings:
            _set_enabled(place.settings, True)
    except OSError as error:
        raise _not_written(target, error) from error
    return target


def uninstall(place: Place) -> bool:
    """Removes the plug-in. False: there was none. Raises OutputError if something else is in its place."""
    plugin = PLUGINS[place.host]
    target = place.folder / plugin.folder
    if not target.exists():
        return False
    _refuse_strangers(place, plugin)
    try:
        for name in plugin.entry:
            (place.folder / name).unlink(missing_ok=True)
        _remove_folder(target)
        if place.settings and place.settings.exists():
            _set_enabled(place.settings, False)
    except OSError as error:
        raise _not_written(target, error) from error
    return True


def status(place: Place) -> Status:
    """The state of a plug-in at a place. Changes nothing."""
    plugin = PLUGINS[place.host]
    target = place.folder / plugin.folder
    if _stranger(place, plugin):
        return Status(place, "not ours")
    if not target.exists():
        return Status(place, "not installed")
    expected = files(plugin, engine_command())
    same = all(_holds(place.folder / name, data) for name, data in expected.items())
    return Status(place, "installed" if same else "out of date")


def _holds(path: Path, data: bytes) -> bool:
    return path.is_file() and path.read_bytes() == data


def _put(place: Place, plugin: Plugin) -> None:
    """Writes the folder next to its place and moves it there; then writes the files outside it."""
    target = place.folder / plugin.folder
    target.parent.mkdir(parents=True, exist_ok=True)
    new_folder = target.parent / f".{target.name}.{secrets.token_hex(4)}"
    outside = {}
    try:
        for name, data in files(plugin, engine_command()).items():
            inside = Path(name).is_relative_to(plugin.folder)
            if inside:
                _write(new_folder / Path(name).relative_to(plugin.folder), data, is_executable(name))
            else:
                outside[name] = data
        if target.exists():
            _remove_folder(target)
        new_folder.rename(target)
    finally:
        shutil.rmtree(new_folder, ignore_errors=True)
    for name, data in outside.items():
        _replace(place.folder / name, data)


def _remove_folder(folder: Path) -> None:
    """Renames the folder, so that the host no longer sees it, then deletes it."""
    aside = folder.parent / f".{folder.name}.{secrets.token_hex(4)}"
    folder.rename(aside)
    shutil.rmtree(aside)


def _write(path: Path, data: bytes, executable: bool = False) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    if executable:
        path.chmod(EXECUTABLE)


def _replace(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, data)


def _refuse_strangers(place: Place, plugin: Plugin) -> None:
    theirs = _stranger(place, plugin)
    if theirs:
        raise OutputError(
            "plugin_not_ours", "{theirs} was not installed by got_desktop.", "Move or remove it first.", theirs=theirs
        )


def _stranger(place: Place, plugin: Plugin) -> Path | None:
    """Whatever is in the plug-in's place and was not installed by this program, or None."""
    target = place.folder / plugin.folder
    if _is_ours(target, plugin):
        return None
    return next((path for path in (target, *(place.folder / name for name in plugin.entry)) if path.exists()), None)


def _is_ours(target: Path, plugin: Plugin) -> bool:
    try:
        marker = json.loads((target / MARKER).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(marker, dict) and marker.get("plugin") == plugin.host


def _set_enabled(settings: Path, on: bool) -> None:
    """Sets `enable_got_krita` in the section [python] of kritarc; every other line stays as it is."""
    text = settings.read_text(encoding="utf-8") if settings.exists() else ""
    text = re.sub(rf"(?m)^{_ENABLE}=.*\n?", "", text)
    if on and re.search(r"(?m)^\[python\]$", text):
        text = re.sub(r"(?m)^\[python\]$", f"[python]\n{_ENABLE}=true", text, count=1)
    elif on:
        gap = "" if not text or text.endswith("\n\n") else "\n" if text.endswith("\n") else "\n\n"
        text += f"{gap}[python]\n{_ENABLE}=true\n"
    settings.parent.mkdir(parents=True, exist_ok=True)
    _replace(settings, text.encode())


def _not_written(target: Path, error: OSError) -> OutputError:
    reason = error.strerror or type(error).__name__
    return OutputError(
        "plugin_not_written",
        "{target}: {reason}.",
        "Make the folder writable, or use --target.",
        target=target,
        reason=reason,
    )
