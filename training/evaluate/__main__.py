"""`python -m training.evaluate storybook`: measures how well a model edits storybook scenes that it has never seen.

Each sample runs through the shipped pipeline with the model's own chain, boxes and default options. The results are
judged before compositing; `training.storybook.scoring` has the criteria.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.api.errors import EngineError
from training.evaluate.storybook import ABLATIONS, TASKS, Options, run, summary
from training.evaluate.storybook_report import html_report, sheet
from training.storybook.disturbance import DISTURBANCES


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line: prints the figures as JSON and writes the requested files.

    Any argument other than `storybook` names a folder of the user's own pairs.
    """
    argv = sys.argv[1:] if argv is None else argv
    if argv and argv[0] != "storybook" and not argv[0].startswith("-"):
        return _evaluate_folder(argv)
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("dataset", choices=["storybook"], help="or a folder from `got annotate`")
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--model", default="got-mini", help="a model's name or folder")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--html", type=Path, help="write a report with the pictures here")
    parser.add_argument("--sheet", type=Path, help="write the pictures as one sheet (PNG) here")
    parser.add_argument("--ablation", choices=ABLATIONS, default="none")
    parser.add_argument(
        "--disturbed", choices=["none", *DISTURBANCES], default="none", help="disturbance of the source pictures"
    )
    parser.add_argument(
        "--tasks", nargs="+", choices=[*TASKS, "two_step"], default=TASKS, help="tasks of the samples, in turn"
    )
    parser.add_argument("--steps", type=int)
    parser.add_argument("--scales", type=float, nargs=3, metavar=("SEMANTIC", "SPATIAL", "REFERENCE"))
    parser.add_argument("--workers", type=int, default=1, help="processes, each with a copy of the model")
    args = parser.parse_args(argv)
    from engine.models.catalog import resolve

    scales = tuple(args.scales) if args.scales else None
    options = Options(str(resolve(args.model)), args.device, args.ablation, args.disturbed, args.steps, scales)
    verdicts = run(args.samples, args.seed, options, args.workers, args.tasks)
    settings = {"seed": args.seed, "ablation": args.ablation, "disturbed": args.disturbed}
    figures = {"dataset": args.dataset, **settings, **summary(verdicts)}
    text = json.dumps(figures, indent=2)
    print(text)
    if args.json:
        args.json.write_text(text + "\n", encoding="utf-8")
    if args.sheet:
        sheet(verdicts).save(args.sheet)
    if args.html:
        args.html.write_text(html_report(figures, verdicts), encoding="utf-8")
    return 0


def _evaluate_folder(argv: Sequence[str]) -> int:
    from training.evaluate import pairs

    try:
        return pairs.main(argv)
    except EngineError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
