"""`got generate`: draws a new picture from a caption."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.api.errors import RequestError
from engine.api.protocol import GenerateOptions
from got_desktop.commands import options
from got_desktop.commands.declared import with_drawing
from got_desktop.commands.edit import show_picture
from got_desktop.commands.plan import show_plan
from got_desktop.requests import PlanRequest, RenderRequest


@with_drawing
def generate(
    caption: options.CaptionArgument,
    *,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The file for the picture or, with --plan-only, for the chain."),
    ] = None,
    plan_only: Annotated[bool, typer.Option("--plan-only", help="Write the chain without drawing.")] = False,
    chain: options.ChainOption = None,
    boxes_overlay: options.OverlayOption = None,
    force: options.ForceOption = False,
    no_facts: options.NoFactsOption = False,
    drawing: GenerateOptions,
    model: options.ModelOption = "got-mini",
    device: options.DeviceOption = "auto",
    profile: options.ProfileOption = False,
    json: options.JsonOption = False,
) -> None:
    """Draw a new picture from a caption: plan its layout as a chain with boxes, then draw it."""
    if plan_only:
        plan = PlanRequest(
            instruction=caption,
            model=model,
            device=device,
            chain_output=output,
            boxes_overlay=boxes_overlay,
            force=force,
        )
        return show_plan(plan, json)
    if output is None:
        raise RequestError("output_missing", "There is no output file for the picture.", "Add -o FILE, or --plan-only.")
    request = RenderRequest(
        instruction=caption,
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
