"""Runs a fine-tuning in children that are killed with -9, some of them inside a save, until one of them ends.

`python killed.py CONFIG RUNS KILLS KILLS_IN_SAVES SEED`. A process of its own, because it forks.
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


def saving(runs: Path) -> bool:
    return any(path.name.startswith(".checkpoint") for path in runs.glob(".checkpoint-*"))


def attempt(config: Path, runs: Path, wait: float, in_save: bool) -> bool:
    """True where the child came to its end by itself."""
    pid = os.fork()
    if pid == 0:
        child(config, runs)
    until = time.monotonic() + wait
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        if saving(runs) if in_save else time.monotonic() > until:
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
    done = 0
    for in_save in moments:
        if attempt(config, runs, rng.uniform(0.3, 2.5), in_save):
            break
        done += 1
    while not attempt(config, runs, 1e9, False):
        pass
    print(f"killed {done} times")


if __name__ == "__main__":
    main()
