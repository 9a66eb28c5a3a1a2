"""`python -m training.experiments.ablation CONFIG HELD_OUT -o FOLDER`: the paper's ablation (table 3) at small scale.

Trains the same base three times on the same pairs, with the same seed and number of steps: without a chain (baseline),
with the chain but no spatial guidance (+ GoT), and with both (+ SSGM). Each variant is evaluated with the guidance that
it was trained with, on held-out pairs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.api.errors import EngineError
from engine.got import GoTPipeline
from engine.got.adapters import apply_adapters
from engine.models.catalog import resolve
from training.data.manifest import Row, read_rows
from training.evaluate import similarity
from training.evaluate.pairs import evaluate_rows, figures_of, page
from training.evaluate.similarity import Similarity
from training.finetune.config import FinetuneConfig, load_config
from training.finetune.run import Finetune

VARIANTS = {"baseline": "none", "+ GoT": "chain", "+ SSGM": "spatial"}


def ablation(
    config: FinetuneConfig,
    rows: list[Row],
    folder: Path,
    threads: int | None = None,
    likeness: Similarity | None = None,
) -> list[dict[str, Any]]:
    """Trains the variants that are not trained yet, and returns the figures of each."""
    table = []
    for name, guidance in VARIANTS.items():
        place = folder / guidance
        pictures = replace(config.pictures, guidance=guidance)
        variant = replace(config, pictures=pictures, name=guidance, output=str(place / "adapter"))
        Finetune(variant, place / "run", threads=threads).run()
        pipeline = _load(variant)
        steps = config.validation.num_inference_steps or None
        results = evaluate_rows(pipeline, rows, guidance, steps, likeness)
        table.append({"variant": name, "steps": config.training.steps, "seed": config.seed, **figures_of(results)})
        (place / "report.html").write_text(page(table[-1], results), encoding="utf-8")
    return table


def _load(config: FinetuneConfig) -> GoTPipeline:
    """Returns a pipeline with the model or adapter that a fine-tuning wrote."""
    if not config.makes_adapter:
        return GoTPipeline.from_pretrained(config.output)
    pipeline = GoTPipeline.from_pretrained(resolve(config.base))
    apply_adapters(pipeline, [(Path(config.output), 1.0)])
    return pipeline


def markdown(table: list[dict[str, Any]]) -> str:
    keys = list(table[0])
    lines = [keys, ["---"] * len(keys), *([str(row[key]) for key in keys] for row in table)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.experiments.ablation", description=__doc__)
    parser.add_argument("config", type=Path, help="of `got train`; its pictures.guidance is set for each variant")
    parser.add_argument("held_out", type=Path, help="another folder of pairs that `got annotate` made")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--threads", type=int)
    similarity.add_arguments(parser)
    args = parser.parse_args(argv)
    try:
        config, rows, likeness = load_config(args.config), read_rows(args.held_out), similarity.from_arguments(args)
        table = ablation(config, rows, args.output, args.threads, likeness)
    except EngineError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    (args.output / "table.json").write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
    print(markdown(table), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
