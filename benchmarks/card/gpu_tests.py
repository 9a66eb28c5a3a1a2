"""`pytest -m gpu`: the tests that need a GPU."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from benchmarks.card.parts import Options, Say

_OUTCOME = re.compile(r"(\S+::\S.*?) (PASSED|FAILED|ERROR|SKIPPED)")


def measure(options: Options, say: Say) -> None:
    """Reports each test's outcome as it comes. Without a GPU all tests are skipped."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "pytest", "-m", "gpu", "-v", "-p", "no:cacheprovider", "--tb=short"]
    outcomes: dict[str, str] = {}
    with subprocess.Popen([*command, "tests/engine/got"], cwd=root, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", file=sys.stderr, flush=True)
            if match := _OUTCOME.match(line):
                outcomes[match[1].rpartition("::")[2]] = match[2].lower()
                say({"outcomes": outcomes})
    if process.returncode:
        sys.exit(1)
