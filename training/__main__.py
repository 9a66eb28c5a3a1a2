"""`python -m training FILE`: trains the model that a TOML file describes, or resumes a stopped run.

A recipe with phases trains a model from scratch. Any other configuration fine-tunes a model on the user's own pairs;
`--init` writes such a configuration to start from.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from engine.api.errors import EngineError

if TYPE_CHECKING:
    from training.finetune.config import FinetuneConfig


def main() -> int:
    parser = argparse.ArgumentParser(prog="got train", description=__doc__)
    parser.add_argument("config", type=Path, help="for example my-edit.toml, or recipes/got-mini.toml")
    parser.add_argument("--init", action="store_true", help="write a commented configuration there")
    parser.add_argument("--runs", type=Path, help="folder for checkpoints and logs (default: runs/NAME)")
    parser.add_argument("--output", type=Path, help="recipes only: where to write the model (default: RUNS/model)")
    parser.add_argument("--only", help="recipes only: run a single phase")
    parser.add_argument("--preflight", action="store_true", help="only check that the run will fit")
    parser.add_argument("--pause", action="store_true", help="pause a run in another process")
    parser.add_argument("--go-on", action="store_true", help="resume a paused run")
    parser.add_argument("--stop", action="store_true", help="tell a run to save and stop")
    parser.add_argument("--threads", type=int, help="CPU threads")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    args = parser.parse_args()
    try:
        return _run(args)
    except EngineError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("Stopped. Run the same command again to resume from the last checkpoint.", file=sys.stderr)
        return 130


def _run(args: argparse.Namespace) -> int:
    from training.finetune.config import is_recipe, write_example

    if args.init:
        write_example(args.config)
        print(f"Wrote {args.config}")
        return 0
    return _from_scratch(args) if is_recipe(args.config) else _finetune(args)


def _from_scratch(args: argparse.Namespace) -> int:
    from training.scratch.config import load_recipe

    recipe = load_recipe(args.config)
    from training.scratch.run import Scratch

    runs = args.runs or Path("runs") / recipe.name
    scratch = Scratch(recipe, runs, args.device, args.threads)
    if args.only:
        scratch.run(args.only)
    else:
        scratch.run_all(args.output or runs / "model")
    return 0


def _finetune(args: argparse.Namespace) -> int:
    from training.finetune.config import load_config

    config = load_config(args.config)
    runs = args.runs or Path("runs") / config.name
    if args.pause or args.stop or args.go_on:
        from training.finetune.journal import tell

        tell(runs, "pause" if args.pause else "stop" if args.stop else "")
        return 0
    from training.finetune.journal import alone

    # when several processes share a run, the first one takes the lock for all of them
    with alone(runs) if os.environ.get("RANK", "0") == "0" else nullcontext():
        return _train(args, config, runs)


def _train(args: argparse.Namespace, config: FinetuneConfig, runs: Path) -> int:
    from training.finetune.preflight import preflight
    from training.finetune.run import Finetune

    run = Finetune(config, runs, args.device, args.threads)
    if args.preflight or not (runs / "preflight.json").exists():
        preflight(run)
    if args.preflight:
        return 0
    if not run.run():
        print("Stopped. Run the same command again to resume from the last checkpoint.", file=sys.stderr)
        return 130
    print(f"Wrote {config.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
