"""`got plan`: writes the chain and its boxes without drawing."""

from __future__ import annotations

from got_desktop import report, work
from got_desktop.commands import options
from got_desktop.progress import Progress
from got_desktop.requests import PlanRequest


def plan(
    image: options.SourceArgument,
    instruction: options.InstructionArgument,
    output: options.ChainOutputOption = None,
    boxes_overlay: options.OverlayOption = None,
    force: options.ForceOption = False,
    model: options.ModelOption = "got-mini",
    device: options.DeviceOption = "auto",
    json: options.JsonOption = False,
) -> None:
    """Write the chain for an edit without drawing.

    The chain goes to stdout or, with -o, to a file. Correct boxes or words in it, then draw it with `got edit --chain`.
    """
    request = PlanRequest(
        instruction=instruction,
        source=image,
        model=model,
        device=device,
        chain_output=output,
        boxes_overlay=boxes_overlay,
        force=force,
    )
    show_plan(request, json)


def show_plan(request: PlanRequest, json: bool) -> None:
    """Plans, and prints the chain without any changes, or the outcome as JSON."""
    with Progress() as progress:
        outcome = work.plan(request, progress)
    if json:
        report.print_json(report.outcome_as_json(outcome, progress))
    elif request.chain_output is None:
        print(outcome.chain.text)
    report.print_written(outcome, progress)
