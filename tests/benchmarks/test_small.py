"""The benchmarks run, at small size: what they measure here says nothing, that they work does."""

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
    made = figures(root, "full_size", tmp_path / "got", "--small", *way)
    assert made["exit_code"] == 0 and made["im_gen_start"] == 151665
    assert made["said"][-2].startswith(f"{made['checkpoint']['tensors']} tensors read")
    assert "none missing, none left over" in made["said"][-2]
    assert not (tmp_path / "got").exists()


def test_every_way_is_timed_beside_the_plain_loop(root: Path):
    made = figures(root, "edit", "--pairs", 1)
    assert list(made) == ["machine", "pairs", "plain loop", "default", "fast", "moved box"]
    assert made["default"]["same_chain"] and made["default"]["levels_apart_most"] <= 1
    assert made["fast"]["processor_ratio"] > made["default"]["processor_ratio"] > 1


def card(root: Path, record: Path, *arguments: object) -> subprocess.CompletedProcess:
    small = ["--small", "--device", "cpu", "--tokens", 12, "--steps", 4, "--pairs", 1, "--caps", 8, "--json", record]
    command = [sys.executable, "-m", "benchmarks.card", *map(str, [*arguments, *small])]
    return subprocess.run(command, cwd=root, capture_output=True, text=True)


@pytest.mark.timeout(900)
def test_a_card_is_asked_all_in_parts(root: Path, tmp_path: Path):
    """On the processor, with a tiny model; got-mini itself takes a step in each phase."""
    ended = card(root, tmp_path / "card.jsonl", "--all", "--minutes", 14)
    found = Record(tmp_path / "card.jsonl").read()
    assert {name: found[name]["ended"] for name in PARTS} == dict.fromkeys(PARTS, "done"), ended.stderr
    assert ended.returncode == 0
    assert set(found["tests"]["outcomes"].values()) <= {"passed", "skipped"}
    assert list(found["edits"]["ways"]) == ["plain loop", "exact", "fast"]
    assert found["edits"]["ways"]["exact"]["levels_apart"]["most"] <= 1
    assert set(found["tiers"]["8 GB"]["stages"]) == {"plan", "encode", "denoise", "decode"}
    assert all(share["share"] > 0 for share in found["kernels"]["kernels"])
    assert found["mini"]["chains"]["trained_a_second"] > 0 and found["lora"]["512"]["seconds"] > 0
    assert all(f"**{part.about}** (done" in ended.stdout for part in PARTS.values())


def test_a_part_that_runs_out_of_time_loses_none_of_the_others_figures(root: Path, tmp_path: Path):
    record = tmp_path / "card.jsonl"
    Record(record).add("tiers", {"8 GB": {"tier": "resident", "seconds": 1.5}})
    ended = card(root, record, "tests", "--minutes", 0.15)  # which has a process of its own in turn
    assert ended.returncode == 1 and "out of time" in ended.stdout
    running = [process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"])]
    assert not any("gpu" in command and "no:cacheprovider" in command for command in running)
    assert "| 8 GB | resident | 1.5 |" in ended.stdout


def test_the_gate_compares_with_the_exact_way(root: Path):
    made = figures(root, "gate", "--samples", 1)
    assert list(made) == ["exact", "fast"] and made["exact"]["success_lost"] == 0
