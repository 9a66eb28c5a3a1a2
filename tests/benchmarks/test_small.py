"""The benchmarks run, at small size: what they measure here says nothing, that they work does."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import campaign

pytestmark = pytest.mark.skipif(not campaign.FULL, reason="takes a minute: GOT_CAMPAIGN=full runs it")


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


def test_a_model_of_a_cards_size_is_timed_by_stage_and_tier(root: Path):
    made = figures(root, "card", "--small", "--device", "cpu", "--tokens", 20, "--steps", 5, "--pairs", 1, "--caps", 8)
    assert list(made["ways"]) == ["plain loop", "exact", "fast"]
    assert made["ways"]["exact"]["levels_apart"]["most"] <= 1
    assert set(made["8 GB"]["stages"]) == {"plan", "encode", "denoise", "decode"}


def test_the_gate_compares_with_the_exact_way(root: Path):
    made = figures(root, "gate", "--samples", 1)
    assert list(made) == ["exact", "fast"] and made["exact"]["success_lost"] == 0
