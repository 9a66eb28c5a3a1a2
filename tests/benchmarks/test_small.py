"""The benchmarks run at small size. This checks only that they work, not what they measure."""

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from benchmarks.card.parts import PARTS, Record

pytestmark = pytest.mark.full


def figures(root: Path, name: str, *arguments: object) -> dict:
    command = [sys.executable, "-m", f"benchmarks.{name}", *map(str, arguments)]
    return json.loads(subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout)


@pytest.mark.parametrize("way", [[], ["--sparse"], ["--killed", "0.1"]])
def test_an_import_of_the_full_key_set_loses_nothing(root: Path, tmp_path: Path, way: list[str]):
    result = figures(root, "full_size", tmp_path / "got", "--small", *way)
    assert result["exit_code"] == 0 and result["im_gen_start"] == 151665
    assert result["said"][-2].startswith(f"{result['checkpoint']['tensors']} tensors read")
    assert "none missing, none left over" in result["said"][-2]
    assert not (tmp_path / "got").exists()


def test_every_variant_is_timed_against_the_plain_loop(root: Path):
    result = figures(root, "edit", "--pairs", 1)
    assert list(result) == ["machine", "pairs", "plain loop", "default", "fast", "moved box"]
    assert result["default"]["same_chain"] and result["default"]["levels_apart_most"] <= 1
    assert result["fast"]["processor_ratio"] > result["default"]["processor_ratio"] > 1


def card(root: Path, record: Path, *arguments: object) -> subprocess.CompletedProcess:
    small = ["--small", "--device", "cpu", "--tokens", 12, "--steps", 4, "--pairs", 1, "--caps", 8, "--json", record]
    command = [sys.executable, "-m", "benchmarks.card", *map(str, [*arguments, *small])]
    return subprocess.run(command, cwd=root, capture_output=True, text=True)


@pytest.mark.timeout(900)
def test_all_parts_of_the_gpu_benchmark_run(root: Path, tmp_path: Path):
    """On the CPU with a tiny model; got-mini itself takes one step in each phase."""
    process = card(root, tmp_path / "card.jsonl", "--all", "--minutes", 14)
    parts = Record(tmp_path / "card.jsonl").read()
    assert {name: parts[name]["ended"] for name in PARTS} == dict.fromkeys(PARTS, "done"), process.stderr
    assert process.returncode == 0
    assert set(parts["tests"]["outcomes"].values()) <= {"passed", "skipped"}
    assert list(parts["edits"]["ways"]) == ["plain loop", "exact", "fast"]
    assert parts["edits"]["ways"]["exact"]["levels_apart"]["most"] <= 1
    assert set(parts["tiers"]["8 GB"]["stages"]) == {"plan", "encode", "denoise", "decode"}
    assert all(share["share"] > 0 for share in parts["kernels"]["kernels"])
    assert parts["mini"]["chains"]["trained_a_second"] > 0 and parts["lora"]["512"]["seconds"] > 0
    assert all(f"**{part.about}** (done" in process.stdout for part in PARTS.values())


def test_a_part_that_runs_out_of_time_loses_none_of_the_others_figures(root: Path, tmp_path: Path):
    record = tmp_path / "card.jsonl"
    Record(record).add("tiers", {"8 GB": {"tier": "resident", "seconds": 1.5}})
    process = card(root, record, "tests", "--minutes", 0.15)  # which starts a process of its own
    assert process.returncode == 1 and "out of time" in process.stdout
    running = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    assert not any("gpu" in command and "no:cacheprovider" in command for command in running)
    assert "| 8 GB | resident | 1.5 |" in process.stdout


def test_the_gate_compares_with_the_exact_variant(root: Path):
    result = figures(root, "gate", "--samples", 1)
    assert list(result) == ["exact", "fast"] and result["exact"]["success_lost"] == 0
