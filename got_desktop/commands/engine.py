"""`got engine`: the engine process that the app, the command line, Krita and GIMP share."""

from __future__ import annotations

import time

import typer

from engine.api import launch
from engine.api.encoding import to_json
from engine.api.errors import EngineUnavailable
from got_desktop import report
from got_desktop.commands import options
from got_desktop.work import CLIENT

app = typer.Typer(no_args_is_help=True, help="The process that plans and draws; it starts by itself when it is needed.")

_END_TIMEOUT = 12.0


@app.command()
def start() -> None:
    """Start the engine and keep it alive until this command is ended (Ctrl+C)."""
    with launch.connect(CLIENT) as engine:
        system = engine.client.system()
        print(f"The engine runs (process {system.pid}). Ctrl+C lets it go 10 s after the last program that uses it.")
        while True:
            time.sleep(1)
            engine.client.system()


@app.command()
def status(json: options.JsonOption = False) -> None:
    """Say whether the engine runs, and what it does."""
    client = launch.find()
    if client is None:
        return report.print_json({"running": False}) if json else print("No engine is running.")
    system = client.system()
    if json:
        return report.print_json({"running": True} | to_json(system))
    loaded = system.model or "no model"
    rows = [
        ["process", str(system.pid)],
        ["up for", f"{system.uptime:.0f} s"],
        ["model", loaded],
        ["memory", f"{system.memory_used / 1e9:.1f} of {system.memory_total / 1e9:.1f} GB"],
        ["jobs", f"{system.queued} waiting, {'one runs' if system.running else 'none runs'}"],
        ["clients", str(system.leases)],
    ]
    report.print_table(["", ""], rows)


@app.command()
def stop() -> None:
    """End the engine; what it has not finished goes on when it is started again."""
    client = launch.find()
    if client is None:
        return print("No engine is running.")
    client.shutdown()
    deadline = time.monotonic() + _END_TIMEOUT
    while client.runtime.alive:
        if time.monotonic() > deadline:
            raise EngineUnavailable("engine_stays", "The engine does not stop.", "End its process manually.")
        time.sleep(0.05)
    print("The engine has ended.")
