"""`python -m benchmarks.card --all --minutes 9`: runs all GPU measurements within that time.

Each part runs in a process of its own, which is ended at its time limit. It appends its figures to a file as they are
measured, so neither a crash nor the time limit loses any. At the end, or with `--summary` for an existing file, the
tables of docs/evidence.md are printed. `python -m benchmarks.card edits tiers` runs only some parts; `--small --device
cpu` runs the same code with a tiny model on the CPU.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path

import psutil
import torch

from benchmarks.card.parts import PARTS, Options, Record
from benchmarks.card.summary import summary

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Prints the summary. Returns 1 if a part failed or ran out of time."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.card", description=__doc__)
    parser.add_argument("parts", nargs="*", help="; ".join(f"{name}: {part.about}" for name, part in PARTS.items()))
    parser.add_argument("--all", action="store_true", help="all parts")
    parser.add_argument("--minutes", type=float, default=9, help="for all that is asked")
    parser.add_argument("--json", type=Path, default=Path("card.jsonl"), help="takes the figures, beside what it holds")
    parser.add_argument("--summary", action="store_true", help="only print what that file says")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)  # runs one part in this process
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--small", action="store_true", help="a tiny model")
    parser.add_argument("--tokens", type=int, default=300, help="of the chain")
    parser.add_argument("--steps", type=int, default=50, help="of the plain loop and the default")
    parser.add_argument("--pairs", type=int, default=3, help="how often the ways take turns")
    parser.add_argument("--weights", choices=["exact", "int8", "fp8"], default="exact", help="of the default's UNet")
    parser.add_argument("--caps", type=float, nargs="*", default=[24, 16, 12, 8], help="gigabytes")
    parser.add_argument("--seconds", type=float, default=60, help=argparse.SUPPRESS)  # time limit of that part
    args = parser.parse_args()
    if unknown := set(args.parts) - set(PARTS):
        parser.error(f"unknown part: {', '.join(sorted(unknown))}; choose from {', '.join(PARTS)}")
    if args.device == "cuda" and not (args.summary or torch.cuda.is_available()):
        parser.error("torch finds no NVIDIA card here; --small --device cpu tries the way without one")
    record = Record(args.json)
    values = {f.name: getattr(args, f.name) for f in fields(Options)}
    options = Options(**values | {"caps": tuple(args.caps)})
    if args.here:
        (name,) = args.parts
        _here(name, options, record)
        return 0
    names = list(PARTS) if args.all else args.parts
    if not (names or args.summary):
        parser.error("name a part, or --all")
    failed = _run(names, options, record, args.minutes * 60)
    print(summary(record.read()))
    return int(failed)


def _here(name: str, options: Options, record: Record) -> None:
    if options.where.type == "cuda":
        record.add("card", _card(options.where))
    measure = importlib.import_module(f"benchmarks.card.{PARTS[name].module}").measure
    measure(options, lambda figures: record.add(name, figures))


def _card(device: torch.device) -> dict[str, str]:
    torch.cuda.init()
    capability = ".".join(map(str, torch.cuda.get_device_capability(device)))
    return {"name": torch.cuda.get_device_name(device), "capability": capability, "torch": torch.__version__}


def _run(names: list[str], options: Options, record: Record, seconds: float) -> bool:
    """Runs the parts. Returns whether one of them failed or ran out of time."""
    end, failed = time.monotonic() + seconds, False
    for place, name in enumerate(names):
        left = end - time.monotonic()
        limit = left * PARTS[name].share / sum(PARTS[later].share for later in names[place:])
        started = time.monotonic()
        outcome = _apart(name, options, record, limit)
        seconds_taken = round(time.monotonic() - started, 1)
        record.add(name, {"ended": outcome, "took": seconds_taken})
        print(f"{name}: {outcome}, {seconds_taken} s of {limit:.0f}", file=sys.stderr, flush=True)
        failed = failed or outcome != "done"
    return failed


def _apart(name: str, options: Options, record: Record, limit: float) -> str:
    """Runs a part in a process of its own. Returns how it ended."""
    command = [sys.executable, "-m", "benchmarks.card", name, "--here", "--json", str(record.path.absolute())]
    for key, value in (asdict(options) | {"seconds": limit}).items():
        flag = f"--{key}"
        if isinstance(value, bool):
            command += [flag] if value else []
        else:
            command += [flag, *map(str, value)] if isinstance(value, tuple) else [flag, str(value)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=sys.stderr)
    try:
        code = process.wait(max(1.0, limit))
    except subprocess.TimeoutExpired:
        return "out of time"
    finally:  # a remaining process would take time from the next part
        _end(process.pid)
        process.wait()
    return "done" if code == 0 else f"failed with {code}"


def _end(pid: int) -> None:
    """Kills a process and its children."""
    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        for process in (*parent.children(recursive=True), parent):
            with suppress(psutil.NoSuchProcess):
                process.kill()


if __name__ == "__main__":
    sys.exit(main())
