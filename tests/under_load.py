"""Runs the everyday tests again and again beside programs that keep the processors busy; prints the times.

`python tests/under_load.py [RUNS] [BUSY]`: five runs beside four programs, unless told otherwise. Ends with 1 where one
failed.
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
    """While it lasts, so many processes calculate."""
    programs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for program in programs:
            program.kill()
            program.wait()


def main() -> int:
    given = [int(value) for value in sys.argv[1:]]
    runs, programs = [*given, *(5, 4)[len(given) :]]
    failed = 0
    print(f"{runs} runs beside {programs} busy processes on {os.cpu_count()} processors", flush=True)
    for number in range(1, runs + 1):
        began = time.monotonic()
        with busy(programs):
            done = subprocess.run([sys.executable, "bootstrap.py", "test"], cwd=ROOT, capture_output=True, text=True)
        summary = re.findall(r"=+ (.*(?:passed|failed|error).*?) =+", done.stdout) or [done.stderr[-500:]]
        print(f"run {number}: {time.monotonic() - began:.0f} s, exit code {done.returncode}: {summary[-1]}", flush=True)
        if done.returncode:
            failed += 1
            print(done.stdout[-20_000:], flush=True)
    return min(1, failed)


if __name__ == "__main__":
    sys.exit(main())
