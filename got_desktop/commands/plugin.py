"""`got plugin`: the plug-ins of Krita and GIMP."""

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

app = typer.Typer(no_args_is_help=True, help="The plug-ins of Krita and GIMP 3.")


class Host(StrEnum):
    krita = "krita"
    gimp = "gimp"
    all = "all"


HostArgument = Annotated[Host, typer.Argument(help="krita, gimp, or all that are found.")]
TargetOption = Annotated[
    Path | None,
    typer.Option(help="The host's own folder, if it is not found: Krita's resource folder, GIMP's plug-ins folder."),
]


@app.command()
def install(host: HostArgument, target: TargetOption = None) -> None:
    """Put the plug-in where the host looks for it; an older one of ours is replaced."""

    def put(place: Place) -> None:
        folder = installation.install(place)
        print(f"Installed for {_title(place)}: {folder}")
        if place.host == "krita" and place.settings is None:
            print("Switch it on in Krita: Settings ▸ Configure Krita ▸ Python Plugin Manager ▸ GoT.")
        if place.kind in ("Flatpak", "Snap"):
            print(f"A {place.kind} keeps {place.host} apart from other programs: it may not reach the engine.")
        print("Start the program anew if it runs.")

    _at_each(_places(host, target), put)


@app.command()
def uninstall(host: HostArgument, target: TargetOption = None) -> None:
    """Take the plug-in out again."""

    def take(place: Place) -> None:
        gone = installation.uninstall(place)
        print(f"{'Removed from' if gone else 'Was not in'} {_title(place)}: {place.folder}")

    _at_each(_places(host, target), take)


@app.command()
def status(target: TargetOption = None, json: options.JsonOption = False) -> None:
    """Say where the plug-ins are, and where they could be."""
    places, missing = _found(target)
    found = [installation.status(place) for place in places]
    if json:
        listed = [{"host": s.place.host, "kind": s.place.kind, "folder": str(s.place.folder)} for s in found]
        states = [entry | {"state": status.state} for entry, status in zip(listed, found, strict=True)]
        return report.print_json({"places": states, "missing": {host: str(why) for host, why in missing.items()}})
    rows = [[_title(status.place), status.state, str(status.place.folder)] for status in found]
    report.print_table(["host", "plug-in", "folder"], rows + [[host, "–", str(why)] for host, why in missing.items()])


def _at_each(places: list[Place], act: Callable[[Place], None]) -> None:
    """Does it everywhere. A place that refuses is named and holds up no other; the first gives the exit code."""
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
    """Where to. A host that is not there is an EngineError; for `all` it is named, and the other one will do."""
    if host is not Host.all:
        return _places_of(host, target)
    if target is not None:
        raise EngineError("target_ambiguous", "--target works with one host only.", "Choose krita or gimp.")
    places, missing = _found(None)
    for error in missing.values():
        say(f"Left out: {error}")
    if not places:
        raise typer.Exit(EngineError.exit_code)
    return places


def _found(target: Path | None) -> tuple[list[Place], dict[str, EngineError]]:
    """(the places of both hosts, why a host has none)"""
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
    name = {"krita": "Krita", "gimp": "GIMP 3"}[place.host]
    return name if place.kind == "native" else f"{name} ({place.kind})"
