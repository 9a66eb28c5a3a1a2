"""`got model`: lists, loads and imports models, and selects adapters."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from got_desktop import adapters, catalog, model_import, report, work
from got_desktop.commands import options
from got_desktop.progress import Progress
from got_desktop.requests import ImportRequest

app = typer.Typer(no_args_is_help=True, help="The models on this machine.")


@app.command("list")
def list_models(json: options.JsonOption = False) -> None:
    """List the models that --model accepts by name."""
    models = catalog.model_list()
    if json:
        return report.print_json(models)
    rows = [[m["name"], f"{m['image_size']}", f"{m['megabytes']:.1f} MB", m["license"], m["folder"]] for m in models]
    report.print_table(["name", "draws at", "on disk", "license", "folder"], rows)


@app.command("load")
def load(
    model: Annotated[str, typer.Argument(help="A name from `got model list`, or a folder.")],
    device: options.DeviceOption = "auto",
) -> None:
    """Load a model into the engine's memory. It stays there while programs use the engine."""
    with Progress() as progress:
        work.load(model, device, progress)


@app.command("unload")
def unload() -> None:
    """Unload the engine's model from memory."""
    work.unload()


@app.command("use")
def use(
    adapter: Annotated[
        str | None, typer.Argument(help="The name of an adapter, or a folder that `got train` wrote.")
    ] = None,
    weight: Annotated[float, typer.Option(min=-4, max=4, help="How strongly the adapter is applied.")] = 1.0,
    off: Annotated[bool, typer.Option("--off", help="Stop using adapters.")] = False,
) -> None:
    """Use an adapter from now on, in addition to those in use. Without a name, list the adapters in use."""
    if off:
        adapters.use_none()
    if adapter:
        adapters.use(adapter, weight)
    report.print_table(["adapter", "weight"], [[name, f"{value:g}"] for name, value in adapters.in_use()])


@app.command("info")
def info(
    model: Annotated[str, typer.Argument(help="A name from `got model list`, or a folder.")],
    json: options.JsonOption = False,
) -> None:
    """Show a model's sizes, defaults, license and origin."""
    facts = catalog.model_info(model)
    if json:
        return report.print_json(facts)
    report.print_table(["", ""], [[key, str(value)] for key, value in facts.items()])


@app.command("import")
def import_model(
    folder: Annotated[
        Path,
        typer.Argument(
            help="The folder with the checkpoint, Qwen2.5-VL-3B-Instruct and stable-diffusion-xl-base-1.0.",
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder for the new model.")],
    checkpoint: Annotated[str, typer.Option(help="The name of the checkpoint's folder in FOLDER.")] = "GoT-6B",
    dtype: Annotated[
        Literal["float32", "float16", "bfloat16"] | None,
        typer.Option(help="The type to store weights as. The default keeps the checkpoint's."),
    ] = None,
    source_size: Annotated[
        int, typer.Option(min=28, help="The side of the square that the planner sees, in pixels.")
    ] = 448,
) -> None:
    """Convert a downloaded GoT-6B to the native layout, as safetensors.

    A separate process reads the pickled weights with torch's restricted unpickler.
    """
    request = ImportRequest(folder=folder, output=output, checkpoint=checkpoint, dtype=dtype, source_size=source_size)
    with Progress() as progress:
        summary = model_import.import_model(request, progress)
    print(summary)
    print(f"Wrote {output}")
