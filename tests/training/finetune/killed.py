"""Runs a fine-tuning in child processes that are killed with SIGKILL, some of them during a save, until one finishes.

`python killed.py CONFIG RUNS KILLS KILLS_IN_SAVES SEED`. It runs in its own process because it forks.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

from training.finetune.config import load_config
from training.finetune.run import Finetune


def child(config: Path, runs: Path) -> None:
    run = Finetune(load_config(config), runs, threads=1)
    os._exit(0 if run.run() else 3)


def is_saving(runs: Path) -> bool:
    return any(path.name.startswith(".checkpoint") for path in runs.glob(".checkpoint-*"))


def attempt(config: Path, runs: Path, wait: float, in_save: bool) -> bool:
    """Runs a child and kills it after `wait` seconds or in its first save; returns True if it finished before that."""
    pid = os.fork()
    if pid == 0:
        child(config, runs)
    deadline = time.monotonic() + wait
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        if is_saving(runs) if in_save else time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return False
        time.sleep(0.0005 if in_save else 0.01)
    return True


def main() -> None:
    config, runs = Path(sys.argv[1]), Path(sys.argv[2])
    kills, in_saves, seed = map(int, sys.argv[3:])
    rng = random.Random(seed)
    moments = [True] * in_saves + [False] * (kills - in_saves)
    rng.shuffle(moments)
    count = 0
    for in_save in moments:
        if attempt(config, runs, rng.uniform(0.3, 2.5), in_save):
            break
        count += 1
    while not attempt(config, runs, 1e9, False):
        pass
    print(f"killed {count} times")


if __name__ == "__main__":
    main()
