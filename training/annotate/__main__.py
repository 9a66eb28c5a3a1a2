"""`python -m training.annotate DATA -o FOLDER`: brings pairs of any format into one folder, with a GoT chain each.

The edit region is where before and after differ; a model, if one is given, describes what it sees (paper sec. 4.1).
FOLDER gets pairs.jsonl, pictures/ and a report: as text, page and JSON. A row that is there already is kept as it is,
corrections included: the same command goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.api.errors import EngineError
from training.annotate.choose import make_describer
from training.annotate.cluster import annotated_by_ray
from training.annotate.pairs import annotated
from training.annotate.run import annotate
from training.data.report import text_report


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="got annotate", description=__doc__)
    parser.add_argument("data", type=Path, help="a folder or file of pairs; docs/training.md lists the formats")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the folder to train from")
    parser.add_argument("--model", help="a GoT model, by name or folder, or a folder of Qwen2.5-VL, that describes")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"], help="where the model computes")
    parser.add_argument("--ray", action="store_true", help="on all machines of a Ray cluster")
    args = parser.parse_args(argv)
    try:
        if args.ray:
            mapper = annotated_by_ray(args.model, args.device)
        else:
            mapper = annotated(make_describer(args.model, args.device))
        tally = annotate(args.data, args.output, mapper)
    except EngineError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("stopped: the same command goes on from here", file=sys.stderr)
        return 130
    print(text_report(tally), end="")
    print(f"Wrote {args.output}; look at {args.output / 'report.html'} before training")
    return 0


if __name__ == "__main__":
    sys.exit(main())
