"""Runs the everyday tests repeatedly next to programs that keep the processors busy; prints the times.

`python tests/under_load.py [RUNS] [BUSY]`: five runs next to four programs by default. Exits with 1 if a run failed.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@contextlib.contextmanager
def busy(count: int) -> Iterator[None]:
    """Keeps so many processes busy while the block runs."""
    programs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


def main() -> int:
    arguments = [int(value) for value in sys.argv[1:]]
    runs, programs = [*arguments, *(5, 4)[len(arguments) :]]
    failed = 0
    print(f"{runs} runs beside {programs} busy processes on {os.cpu_count()} processors", flush=True)
    for number in range(1, runs + 1):
        began = time.monotonic()
        with busy(programs):
            process = subprocess.run([sys.executable, "bootstrap.py", "test"], cwd=ROOT, capture_output=True, text=True)
        summary = re.findall(r"=+ (.*(?:passed|failed|error).*?) =+", process.stdout) or [process.stderr[-500:]]
        print(
            f"run {number}: {time.monotonic() - began:.0f} s, exit code {process.returncode}: {summary[-1]}", flush=True
        )
        if process.returncode:
            failed += 1
            print(process.stdout[-20_000:], flush=True)
    return min(1, failed)


if __name__ == "__main__":
    sys.exit(main())
