"""`python -m training.annotate DATA -o FOLDER`: collects pairs of any known format in one folder, with GoT chains.

The edit region is where the pictures before and after differ. With --model, a model describes them (paper sec. 4.1).
FOLDER receives pairs.jsonl, pictures/ and a report as text, HTML and JSON. Existing rows are left unchanged, including
your corrections, so running the same command again resumes a stopped run.
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
    parser.add_argument(
        "-o", "--output", type=Path, required=True, help="the folder to write, which training then reads"
    )
    parser.add_argument(
        "--model",
        help="the model that describes the pictures: a GoT model, by name or folder, or a folder of Qwen2.5-VL",
    )
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"], help="device for the model")
    parser.add_argument("--ray", action="store_true", help="use all machines of a Ray cluster")
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
        print("Stopped. Run the same command again to resume.", file=sys.stderr)
        return 130
    print(text_report(tally), end="")
    print(f"Wrote {args.output}; look at {args.output / 'report.html'} before training")
    return 0


if __name__ == "__main__":
    sys.exit(main())
