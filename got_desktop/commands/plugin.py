"""`got plugin`: installs and removes the plug-ins for Krita and GIMP."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from engine.api.errors import EngineError
from got_desktop import report
from got_desktop.commands import options
from got_desktop.failure import say
from plugins import install as installation
from plugins.places import Machine, Place, find

app = typer.Typer(no_args_is_help=True, help="The plug-ins for Krita and GIMP 3.")
_NAMES = {"krita": "Krita", "gimp": "GIMP 3"}


class Host(StrEnum):
    krita = "krita"
    gimp = "gimp"
    all = "all"


HostArgument = Annotated[Host, typer.Argument(help="krita, gimp, or all (those that are found).")]
TargetOption = Annotated[
    Path | None,
    typer.Option(help="The host's folder, if it is not found: Krita's resource folder or GIMP's plug-ins folder."),
]


@app.command()
def install(host: HostArgument, target: TargetOption = None) -> None:
    """Install the plug-in, replacing an older version."""

    def put(place: Place) -> None:
        folder = installation.install(place)
        print(f"Installed for {_title(place)}: {folder}")
        if place.host == "krita" and place.settings is None:
            print("Switch it on in Krita: Settings ▸ Configure Krita ▸ Python Plugin Manager ▸ GoT.")
        if place.kind in ("Flatpak", "Snap"):
            print(f"{place.kind} isolates {place.host} from other programs, so it may not reach the engine.")
        print("Restart the program if it is running.")

    _at_each(_places(host, target), put)


@app.command()
def uninstall(host: HostArgument, target: TargetOption = None) -> None:
    """Remove the plug-in."""

    def take(place: Place) -> None:
        was_there = installation.uninstall(place)
        print(f"{'Removed from' if was_there else 'Not installed in'} {_title(place)}: {place.folder}")

    _at_each(_places(host, target), take)


@app.command()
def status(target: TargetOption = None, json: options.JsonOption = False) -> None:
    """Show where the plug-ins are installed, and where they can be."""
    places, missing = _all_places(target)
    statuses = [installation.status(place) for place in places]
    if json:
        entries = [{"host": s.place.host, "kind": s.place.kind, "folder": str(s.place.folder)} for s in statuses]
        states = [entry | {"state": status.state} for entry, status in zip(entries, statuses, strict=True)]
        return report.print_json({"places": states, "missing": {host: str(why) for host, why in missing.items()}})
    rows = [[_title(status.place), status.state, str(status.place.folder)] for status in statuses]
    rows += [[_NAMES[host], "–", str(why)] for host, why in missing.items()]
    report.print_table(["host", "plug-in", "folder"], rows)


def _at_each(places: list[Place], act: Callable[[Place], None]) -> None:
    """Acts on all places and names those that fail; the first failure gives the exit code."""
    codes = []
    for place in places:
        try:
            act(place)
        except EngineError as error:
            say(f"{_title(place)}: {error}")
            codes.append(error.exit_code)
    if codes:
        raise typer.Exit(codes[0])


def _places(host: Host, target: Path | None) -> list[Place]:
    """The host's places. A missing host is an EngineError; for `all`, it is only reported if the other host exists."""
    if host is not Host.all:
        return _places_of(host, target)
    if target is not None:
        raise EngineError("target_ambiguous", "--target works with one host only.", "Choose krita or gimp.")
    places, missing = _all_places(None)
    for error in missing.values():
        say(f"Left out: {error}")
    if not places:
        raise typer.Exit(EngineError.exit_code)
    return places


def _all_places(target: Path | None) -> tuple[list[Place], dict[str, EngineError]]:
    """(the places of both hosts, the error of each host that has none)"""
    places, missing = [], {}
    for host in (Host.krita, Host.gimp):
        try:
            places += _places_of(host, target)
        except EngineError as error:
            missing[host.value] = error
    return places, missing


def _places_of(host: Host, target: Path | None) -> list[Place]:
    if target is not None:
        return [Place(host.value, "named", target.resolve())]
    return find(host.value, Machine.here())


def _title(place: Place) -> str:
    name = _NAMES[place.host]
    return name if place.kind == "native" else f"{name} ({place.kind})"
