"""Tests with real processes: a killed run resumes to the same bits, and two processes train like one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file
from torch import Tensor

from training.finetune.config import FinetuneConfig, to_toml

KILLED = Path(__file__).with_name("killed.py")


def run(command: list[str], root: Path) -> str:
    env = os.environ | {"PYTHONPATH": str(root), "OMP_NUM_THREADS": "1", "MASTER_ADDR": "127.0.0.1"}
    process = subprocess.run(command, capture_output=True, text=True, timeout=1500, env=env)
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


def write(config: FinetuneConfig, folder: Path, name: str) -> Path:
    path = folder / f"{name}.toml"
    path.write_text(to_toml(replace(config, output=str(folder / name))))
    return path


def compare_killed_run(config: FinetuneConfig, tmp_path: Path, root: Path, kills: int, in_saves: int) -> int:
    """Asserts that a killed run and an uninterrupted one give the same adapter; returns the number of kills."""
    whole, cut = (write(config, tmp_path, name) for name in ("whole", "cut"))
    run([sys.executable, str(KILLED), str(whole), str(tmp_path / "w"), "0", "0", "0"], root)
    output = run([sys.executable, str(KILLED), str(cut), str(tmp_path / "c"), str(kills), str(in_saves), "1"], root)
    a, b = (load_file(tmp_path / name / "adapter.safetensors") for name in ("whole", "cut"))
    assert a.keys() == b.keys()
    assert [key for key in a if a[key].numpy().tobytes() != b[key].numpy().tobytes()] == []
    return int(output.split("killed ")[1].split(" ")[0])


@pytest.mark.full
def test_a_killed_run_ends_with_the_same_bits(config, tmp_path, root):
    settings = config(training_steps=16, training_save_every=1, adapter_dropout=0.1, training_ema=0.9)
    assert compare_killed_run(settings, tmp_path, root, kills=3, in_saves=1) >= 1


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_run_killed_twenty_times_ends_with_the_same_bits(config, tmp_path, root):
    settings = config(training_steps=150, training_save_every=1, adapter_dropout=0.1, training_ema=0.9)
    assert compare_killed_run(settings, tmp_path, root, kills=20, in_saves=5) == 20


@pytest.mark.full
@pytest.mark.parametrize("how", ["--cpu", "--use_fsdp"])
def test_two_processes_train_like_one_and_resume_each_others_checkpoints(how, config, tmp_path, root):
    """Two halves of a batch are summed in another order, so results differ by rounding, which grows with the steps."""
    settings = config(training_steps=6, training_batch_size=4, training_micro_batch=1, training_ema=0.5,
                      training_gradient_checkpointing=True, adapter_dropout=0.0, validation_share=0.2,
                      validation_every=3, validation_samples=1, validation_num_inference_steps=1)  # fmt: skip
    train = ["-m", "training", "--threads", "1"]
    one = [sys.executable, *train]
    launch = ["-m", "accelerate.commands.launch", how, "--num_processes", "2", "--num_machines", "1"]
    more = ["--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0"]
    two = [sys.executable, *launch, *more, *train]

    def adapter(name: str, command: list[str]) -> dict[str, Tensor]:
        run([*command, str(write(settings, tmp_path, name)), "--runs", str(tmp_path / f"run-{name}")], root)
        return load_file(tmp_path / name / "adapter.safetensors")

    def copy_run(name: str, other: str) -> None:
        """Copies the other run without its last checkpoint."""
        shutil.copytree(tmp_path / f"run-{other}", tmp_path / f"run-{name}")
        shutil.rmtree(tmp_path / f"run-{name}" / "checkpoint-00000006")

    adapters = [adapter("one", one), adapter("two", two)]
    copy_run("one-then-two", "one")
    copy_run("two-then-one", "two")
    adapters += [adapter("one-then-two", two), adapter("two-then-one", one)]
    logs = [_rows(tmp_path / f"run-{name}") for name in ("one", "two", "one-then-two", "two-then-one")]
    curves = [{row["step"]: row["loss"] for row in log if "loss" in row} for log in logs]
    assert list(curves[0]) == [1, 2, 3, 4, 5, 6]
    assert all(curve == pytest.approx(curves[0], rel=1e-4) for curve in curves[1:])
    assert [row.keys() for row in logs[1]] == [row.keys() for row in logs[0]]  # both validated
    for weights in adapters[1:]:
        assert weights.keys() == adapters[0].keys()
        assert all(weights[key].shape == adapters[0][key].shape for key in weights)
        assert max(float((weights[key] - adapters[0][key]).abs().max()) for key in weights) < 2e-3


def _rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


@pytest.mark.full
@pytest.mark.parametrize(("changes", "env"), [({"training_optimizer": "adamw8bit"}, {}), ({}, {"FSDP_OFFLOAD_PARAMS": "true"})])  # fmt: skip # noqa: E501
def test_settings_that_cannot_be_sharded_are_rejected_at_once(changes, env, config, tmp_path, root):
    """Starts only one of two processes, which must end before it waits for the other."""
    path = write(config(**changes), tmp_path, "c")
    launch = {"ACCELERATE_USE_FSDP": "true", "WORLD_SIZE": "2", "PYTHONPATH": str(root)}
    command = [sys.executable, "-m", "training", str(path), "--runs", str(tmp_path / "run")]
    process = subprocess.run(command, capture_output=True, text=True, timeout=1500, env=os.environ | launch | env)
    assert process.returncode == 2
    assert "cannot be combined with --use_fsdp" in process.stderr and process.stderr.count("\n") == 1
    assert not (tmp_path / "run" / "state.json").exists()
