"""`got plugin`: the plug-ins of Krita and GIMP."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from engine.api.errors import EngineError
from got_desktop import report
from got_desktop.commands import options
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
    for place in _places(host, target):
        folder = installation.install(place)
        print(f"Installed for {_title(place)}: {folder}")
        if place.host == "krita" and place.settings is None:
            print("Switch it on in Krita: Settings ▸ Configure Krita ▸ Python Plugin Manager ▸ GoT.")
        if place.kind in ("Flatpak", "Snap"):
            print(f"A {place.kind} keeps {place.host} apart from other programs: it may not reach the engine.")
    print("Start the program anew if it runs.")


@app.command()
def uninstall(host: HostArgument, target: TargetOption = None) -> None:
    """Take the plug-in out again."""
    for place in _places(host, target):
        gone = installation.uninstall(place)
        print(f"{'Removed from' if gone else 'Was not in'} {_title(place)}: {place.folder}")


@app.command()
def status(target: TargetOption = None, json: options.JsonOption = False) -> None:
    """Say where the plug-ins are, and where they could be."""
    found, missing = [], []
    for host in (Host.krita, Host.gimp):
        try:
            found += [installation.status(place) for place in _places(host, target)]
        except EngineError as error:
            missing.append([host.value, str(error)])
    rows = [[_title(status.place), status.state, str(status.place.folder)] for status in found]
    if json:
        listed = [{"host": s.place.host, "kind": s.place.kind, "folder": str(s.place.folder)} for s in found]
        states = [entry | {"state": status.state} for entry, status in zip(listed, found, strict=True)]
        return report.print_json({"places": states, "missing": dict(missing)})
    report.print_table(["host", "plug-in", "folder"], rows + [[host, "–", why] for host, why in missing])


def _places(host: Host, target: Path | None) -> list[Place]:
    """Where to. Raises EngineError where none is found; for `all` only where neither host is."""
    if target is not None and host is not Host.all:
        return [Place(host.value, "named", target.resolve())]
    if target is not None:
        raise EngineError("target_ambiguous", "--target is the folder of one host.", "Name krita or gimp.")
    machine = Machine.here()
    if host is not Host.all:
        return find(host.value, machine)
    places, errors = [], []
    for name in ("krita", "gimp"):
        try:
            places += find(name, machine)
        except EngineError as error:
            errors.append(error)
    if not places:
        raise errors[0]
    return places


def _title(place: Place) -> str:
    name = {"krita": "Krita", "gimp": "GIMP 3"}[place.host]
    return name if place.kind == "native" else f"{name} ({place.kind})"
