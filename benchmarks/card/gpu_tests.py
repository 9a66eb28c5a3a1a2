"""`pytest -m gpu`: what only a card can show."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from benchmarks.card.parts import Options, Say

_OUTCOME = re.compile(r"(\S+::\S.*?) (PASSED|FAILED|ERROR|SKIPPED)")


def measure(options: Options, say: Say) -> None:
    """Each test's outcome as it comes. On a machine without a card they are all skipped."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "pytest", "-m", "gpu", "-v", "-p", "no:cacheprovider", "--tb=short"]
    outcomes: dict[str, str] = {}
    with subprocess.Popen([*command, "tests/engine/got"], cwd=root, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        for line in running.stdout:
            print(line, end="", file=sys.stderr, flush=True)
            if found := _OUTCOME.match(line):
                outcomes[found[1].rpartition("::")[2]] = found[2].lower()
                say({"outcomes": outcomes})
    if running.returncode:
        sys.exit(1)
