"""`python -m got_desktop.demo`: opens the app on a sample picture or, without a display, edits the samples."""

from __future__ import annotations

import time
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from engine.api.protocol import EditOptions
from got_desktop import sheet, work
from got_desktop.__main__ import has_display
from got_desktop.cli import prepare_process
from got_desktop.failure import run
from got_desktop.model.samples import samples
from got_desktop.progress import Progress
from got_desktop.requests import RenderRequest


def opens_window() -> bool:
    """Whether there is a display and PySide6 is installed."""
    return has_display() and find_spec("PySide6") is not None


def edit_samples(output: Path, model: str, device: str, seed: int) -> None:
    """Writes NAME-plan.png, NAME-result.png and NAME-sheet.png for each sample to `output`."""
    demo_start, console = time.monotonic(), Console(highlight=False)
    output.mkdir(parents=True, exist_ok=True)
    all_samples = samples()
    with Progress() as progress:
        work.load(model, device, progress)
    for number, sample in enumerate(all_samples, 1):
        console.print(f"\n[bold]{number} of {len(all_samples)}  {sample.image.name}[/]  “{escape(sample.instruction)}”")
        start = time.monotonic()
        request = RenderRequest(
            instruction=sample.instruction,
            source=sample.image,
            output=output / f"{sample.image.stem}-result.png",
            boxes_overlay=output / f"{sample.image.stem}-plan.png",
            model=model,
            device=device,
            drawing=EditOptions(seed=seed),
            force=True,
        )
        with Progress() as progress:
            outcome = work.render(request, progress)
        steps, scheduler = outcome.facts["num_inference_steps"], outcome.facts["scheduler"]
        seconds = time.monotonic() - start
        footer = f"{outcome.facts['model']} · {steps} steps, {scheduler} · seed {seed} · {seconds:.1f} s"
        sheet.write(outcome, output / f"{sample.image.stem}-sheet.png", footer)
        console.print(outcome.chain.text, markup=False, soft_wrap=True)
    console.print(
        f"\n[bold green]{len(all_samples)} pictures edited in {time.monotonic() - demo_start:.0f} s.[/] "
        f"Look at [bold]{escape(str(output / '*-sheet.png'))}[/]"
    )


def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder for the pictures.")] = Path("demo-output"),
    model: Annotated[str, typer.Option("--model", "-m", help="The name or folder of a model.")] = "got-mini",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, …")] = "auto",
    seed: Annotated[int, typer.Option(min=0)] = 42,
    files: Annotated[bool, typer.Option("--files", help="Write files even if a window can be opened.")] = False,
) -> None:
    """Open the app on a sample picture and plan its edit; without a display, edit all samples and write the results."""
    if not files and opens_window():
        from got_desktop import app

        raise typer.Exit(app.run([], samples()[-1]))
    edit_samples(output, model, device, seed)


if __name__ == "__main__":
    prepare_process()
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(demo)
    raise SystemExit(run(lambda: int(app(prog_name="demo", standalone_mode=False) or 0)))
