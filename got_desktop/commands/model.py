"""`got model`: the models on this machine, and how a released one comes to it."""

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
    """Show the models that --model takes by name."""
    models = catalog.model_list()
    if json:
        return report.print_json(models)
    rows = [[m["name"], f"{m['image_size']}", f"{m['megabytes']:.1f} MB", m["license"], m["folder"]] for m in models]
    report.print_table(["name", "draws at", "on disk", "license", "folder"], rows)


@app.command("load")
def load(
    model: Annotated[str, typer.Argument(help="A name that `got model list` shows, or a folder.")],
    device: options.DeviceOption = "auto",
) -> None:
    """Bring a model into the engine's memory; it stays there while programs use the engine."""
    with Progress() as progress:
        work.load(model, device, progress)


@app.command("unload")
def unload() -> None:
    """Give the memory back that the engine's model takes."""
    work.unload()


@app.command("use")
def use(
    adapter: Annotated[str | None, typer.Argument(help="An adapter's name, or a folder that `got train` made.")] = None,
    weight: Annotated[float, typer.Option(min=-4, max=4, help="How much of it is added to the model.")] = 1.0,
    off: Annotated[bool, typer.Option("--off", help="Work with the model alone again.")] = False,
) -> None:
    """Work with an adapter from now on, beside those in use; without one, show which are."""
    if off:
        adapters.use_none()
    if adapter:
        adapters.use(adapter, weight)
    report.print_table(["adapter", "weight"], [[name, f"{value:g}"] for name, value in adapters.in_use()])


@app.command("info")
def info(
    model: Annotated[str, typer.Argument(help="A name that `got model list` shows, or a folder.")],
    json: options.JsonOption = False,
) -> None:
    """Show what a model says about itself: sizes, defaults, license and where it comes from."""
    facts = catalog.model_info(model)
    if json:
        return report.print_json(facts)
    report.print_table(["", ""], [[key, str(value)] for key, value in facts.items()])


@app.command("import")
def import_model(
    folder: Annotated[
        Path,
        typer.Argument(
            help="Holds the checkpoint's folder, Qwen2.5-VL-3B-Instruct and stable-diffusion-xl-base-1.0.",
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The new model's folder.")],
    checkpoint: Annotated[str, typer.Option(help="The checkpoint's folder in FOLDER.")] = "GoT-6B",
    dtype: Annotated[
        Literal["float32", "float16", "bfloat16"] | None,
        typer.Option(help="Store weights as this; without it, as they are."),
    ] = None,
    source_size: Annotated[int, typer.Option(min=28, help="Side of the square that the planner sees.")] = 448,
) -> None:
    """Convert a downloaded GoT-6B to the native layout, as safetensors.

    Its pickled weights are read in a process of their own, by torch's restricted unpickler.
    """
    request = ImportRequest(folder=folder, output=output, checkpoint=checkpoint, dtype=dtype, source_size=source_size)
    with Progress() as progress:
        summary = model_import.import_model(request, progress)
    print(summary)
    print(f"Wrote {output}")
