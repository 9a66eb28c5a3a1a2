"""Real processes: a run that is killed ends with the same bits, and two processes train as one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import load_file

from training.finetune.config import FinetuneConfig, to_toml

KILLED = Path(__file__).with_name("killed.py")


def run(command: list[str], root: Path) -> str:
    env = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", "MASTER_ADDR": "127.0.0.1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=1500, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def write(config: FinetuneConfig, folder: Path, name: str) -> Path:
    path = folder / f"{name}.toml"
    path.write_text(to_toml(replace(config, output=str(folder / name))))
    return path


def killed(config: FinetuneConfig, tmp_path: Path, root: Path, kills: int, in_saves: int) -> int:
    whole, cut = (write(config, tmp_path, name) for name in ("whole", "cut"))
    run([sys.executable, str(KILLED), str(whole), str(tmp_path / "w"), "0", "0", "0"], root)
    told = run([sys.executable, str(KILLED), str(cut), str(tmp_path / "c"), str(kills), str(in_saves), "1"], root)
    a, b = (load_file(tmp_path / name / "adapter.safetensors") for name in ("whole", "cut"))
    assert a.keys() == b.keys()
    assert [key for key in a if a[key].numpy().tobytes() != b[key].numpy().tobytes()] == []
    return int(told.split("killed ")[1].split(" ")[0])


def test_a_killed_run_ends_with_the_same_bits(config, tmp_path, root):
    made = config(training_steps=16, training_save_every=1, adapter_dropout=0.1, training_ema=0.9)
    assert killed(made, tmp_path, root, kills=3, in_saves=1) >= 1


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_run_killed_twenty_times_ends_with_the_same_bits(config, tmp_path, root):
    made = config(training_steps=150, training_save_every=1, adapter_dropout=0.1, training_ema=0.9)
    assert killed(made, tmp_path, root, kills=20, in_saves=5) == 20


@pytest.mark.timeout(600)
def test_two_processes_train_as_one(config, tmp_path, root):
    """The same batch in two halves: sums are taken in another order, so equal to rounding, which steps enlarge."""
    made = config(training_steps=6, training_batch_size=4, training_micro_batch=2, adapter_dropout=0.0)
    one, two = (write(made, tmp_path, name) for name in ("one", "two"))
    train = ["-m", "training", "--threads", "1"]
    run([sys.executable, *train, str(one), "--runs", str(tmp_path / "1")], root)
    launch = ["-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2", "--num_machines", "1"]
    more = ["--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0"]
    run([sys.executable, *launch, *more, *train, str(two), "--runs", str(tmp_path / "2")], root)
    logs = [[json.loads(line)["loss"] for line in (tmp_path / n / "log.jsonl").read_text().splitlines()] for n in "12"]
    assert len(logs[0]) == 6
    assert logs[1] == pytest.approx(logs[0], rel=1e-4)
    a, b = (load_file(tmp_path / name / "adapter.safetensors") for name in ("one", "two"))
    for key in a:
        assert float((a[key] - b[key]).abs().max()) < 2e-3
