"""Checkpoints are complete or absent."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
import torch

from engine.api.errors import OutputError
from training.finetune.saves import load_newest, save


def state(value: float) -> dict[str, object]:
    return {"step": int(value), "weights": {"a": torch.full((1000,), value)}}


def newest(folder: Path) -> int:
    """Returns the step of the checkpoint that is loaded."""
    checkpoint = load_newest(folder)
    assert checkpoint is not None
    return checkpoint["step"]


def test_the_newest_checkpoint_is_loaded_and_old_ones_are_removed(tmp_path):
    assert load_newest(tmp_path) is None
    for step in (1, 2, 3):
        save(tmp_path, step, state(step), keep=2)
    assert newest(tmp_path) == 3
    assert sorted(p.name for p in tmp_path.iterdir()) == ["checkpoint-00000002", "checkpoint-00000003"]


@pytest.mark.parametrize("harm", ["cut", "flip", "no manifest", "no state"])
def test_a_broken_checkpoint_is_never_loaded(tmp_path, harm):
    save(tmp_path, 1, state(1), keep=2)
    broken = save(tmp_path, 2, state(2), keep=2)
    data = (broken / "state.pt").read_bytes()
    if harm == "cut":
        (broken / "state.pt").write_bytes(data[:-9])
    elif harm == "flip":
        (broken / "state.pt").write_bytes(data[:600] + bytes([data[600] ^ 1]) + data[601:])
    else:
        (broken / ("manifest.json" if harm == "no manifest" else "state.pt")).unlink()
    assert newest(tmp_path) == 1


def test_a_half_written_checkpoint_is_removed(tmp_path):
    save(tmp_path, 1, state(1), keep=2)
    partial = tmp_path / ".checkpoint-00000002.tmp"
    partial.mkdir()
    (partial / "state.pt").write_bytes(b"half")
    assert newest(tmp_path) == 1
    assert not partial.exists()


def test_a_full_disk_raises_an_error_and_keeps_the_previous_checkpoint(tmp_path):
    save(tmp_path, 1, state(1), keep=1)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # writing a larger file then fails, as on a full disk
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        with pytest.raises(OutputError, match="step 2 cannot be written"):
            save(tmp_path, 2, state(2), keep=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint-00000001"]
    assert newest(tmp_path) == 1
