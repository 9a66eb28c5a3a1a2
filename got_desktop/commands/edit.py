"""`got edit`: an edited copy of a picture."""

from __future__ import annotations

from engine.api.protocol import FEATHER, GROW
from got_desktop import report, work
from got_desktop.commands import options
from got_desktop.progress import Progress
from got_desktop.requests import RenderRequest


def edit(
    image: options.SourceArgument,
    instruction: options.InstructionArgument,
    output: options.OutputOption,
    chain: options.ChainOption = None,
    boxes_overlay: options.OverlayOption = None,
    force: options.ForceOption = False,
    no_facts: options.NoFactsOption = False,
    seed: options.SeedOption = 42,
    preset: options.PresetOption = "exact",
    steps: options.StepsOption = None,
    scheduler: options.SchedulerOption = None,
    semantic_scale: options.SemanticOption = None,
    spatial_scale: options.SpatialOption = None,
    reference_scale: options.ReferenceOption = None,
    fit: options.FitOption = "pad",
    scope: options.ScopeOption = "boxes",
    feather: options.FeatherOption = FEATHER,
    grow: options.GrowOption = GROW,
    model: options.ModelOption = "got-mini",
    device: options.DeviceOption = "auto",
    profile: options.ProfileOption = False,
    json: options.JsonOption = False,
) -> None:
    """Edit a picture by instruction: plan it as a chain with boxes, then draw it.

    Pixels outside the edit stay as they are, to the bit, in PNG, WebP and OpenRaster.
    """
    request = RenderRequest(
        instruction=instruction,
        source=image,
        output=output,
        chain=chain,
        boxes_overlay=boxes_overlay,
        force=force,
        facts=not no_facts,
        seed=seed,
        preset=preset,
        steps=steps,
        scheduler=scheduler,
        semantic_scale=semantic_scale,
        spatial_scale=spatial_scale,
        reference_scale=reference_scale,
        fit=fit,
        scope=scope,
        feather=feather,
        grow=grow,
        model=model,
        device=device,
    )
    show_picture(request, json, profile)


def show_picture(request: RenderRequest, json: bool, profile: bool) -> None:
    """Draws, and says what was written, or prints the outcome as JSON."""
    with Progress() as progress:
        outcome = work.render(request, progress)
    if json:
        report.print_json(report.outcome_as_json(outcome, progress))
    elif profile and outcome.times:
        report.print_profile(outcome.times)
    report.print_written(outcome, progress)
