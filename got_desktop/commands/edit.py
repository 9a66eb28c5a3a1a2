"""`got edit`: writes an edited copy of a picture."""

from __future__ import annotations

from engine.api.protocol import EditOptions
from got_desktop import report, work
from got_desktop.commands import options
from got_desktop.commands.declared import with_drawing
from got_desktop.progress import Progress
from got_desktop.requests import RenderRequest


@with_drawing
def edit(
    image: options.SourceArgument,
    instruction: options.InstructionArgument,
    output: options.OutputOption,
    *,
    chain: options.ChainOption = None,
    boxes_overlay: options.OverlayOption = None,
    force: options.ForceOption = False,
    no_facts: options.NoFactsOption = False,
    drawing: EditOptions,
    model: options.ModelOption = "got-mini",
    device: options.DeviceOption = "auto",
    profile: options.ProfileOption = False,
    json: options.JsonOption = False,
) -> None:
    """Edit a picture by instruction: plan it as a chain with boxes, then draw it.

    In PNG, WebP and OpenRaster, pixels outside the edit are not changed at all.
    """
    request = RenderRequest(
        instruction=instruction,
        source=image,
        output=output,
        chain=chain,
        boxes_overlay=boxes_overlay,
        force=force,
        facts=not no_facts,
        drawing=drawing,
        model=model,
        device=device,
    )
    show_picture(request, json, profile)


def show_picture(request: RenderRequest, json: bool, profile: bool) -> None:
    """Draws the picture and prints the files that were written, or the outcome as JSON."""
    with Progress() as progress:
        outcome = work.render(request, progress)
    if json:
        report.print_json(report.outcome_as_json(outcome, progress))
    elif profile and outcome.times:
        report.print_profile(outcome.times)
    report.print_written(outcome, progress)
