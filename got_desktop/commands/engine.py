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

app = typer.Typer(
    no_args_is_help=True, help="The process that plans and draws. It starts automatically when it is needed."
)

_END_TIMEOUT = 12.0


@app.command()
def start() -> None:
    """Start the engine and keep it alive until you end this command (Ctrl+C)."""
    with launch.connect(CLIENT) as engine:
        system = engine.client.system()
        print(f"The engine is running (process {system.pid}). After Ctrl+C, it ends 10 s after its last client.")
        while True:
            time.sleep(1)
            engine.client.system()


@app.command()
def status(json: options.JsonOption = False) -> None:
    """Show whether the engine is running, and what it is doing."""
    client = launch.find()
    if client is None:
        return report.print_json({"running": False}) if json else print("The engine is not running.")
    system = client.system()
    if json:
        return report.print_json({"running": True} | to_json(system))
    model = system.model or "no model"
    rows = [
        ["process", str(system.pid)],
        ["up for", f"{system.uptime:.0f} s"],
        ["model", model],
        ["memory", f"{system.memory_used / 1e9:.1f} of {system.memory_total / 1e9:.1f} GB"],
        ["jobs", f"{system.queued} waiting, {'1' if system.running else '0'} running"],
        ["clients", str(system.leases)],
    ]
    report.print_table(["", ""], rows)


@app.command()
def stop() -> None:
    """End the engine. Unfinished jobs continue when it is started again."""
    client = launch.find()
    if client is None:
        return print("The engine is not running.")
    client.shutdown()
    deadline = time.monotonic() + _END_TIMEOUT
    while client.runtime.alive:
        if time.monotonic() > deadline:
            raise EngineUnavailable("engine_stays", "The engine does not stop.", "End its process manually.")
        time.sleep(0.05)
    print("The engine has ended.")
