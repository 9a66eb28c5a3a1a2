"""An adapter, from its training to an edit that the engine draws with it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.got_desktop.conftest import INSTRUCTION
from training.annotate.describer import Plain
from training.annotate.pairs import annotated
from training.annotate.run import annotate
from training.finetune.config import Adapter, FinetuneConfig, Training, Validation, to_toml

FAST = ("--model", "tiny", "--steps", "2", "--json")


@pytest.fixture
def adapter(tiny_model: Path, tmp_path: Path) -> Path:
    """An adapter after one training step of the UNet only: plans stay those of the tiny model."""
    (tmp_path / "raw").mkdir()
    image = Image.new("RGB", (64, 64), (20, 100, 200))
    image.save(tmp_path / "raw" / "a-before.png")
    image.paste("red", (8, 8, 40, 40))
    image.save(tmp_path / "raw" / "a-after.png")
    (tmp_path / "raw" / "a.txt").write_text("paint it red")
    annotate(tmp_path / "raw", tmp_path / "data", annotated(Plain()))
    config = FinetuneConfig(
        base="tiny", data=str(tmp_path / "data"), output=str(tmp_path / "redder"),
        adapter=Adapter(planner="frozen", projectors="frozen", alpha=64.0),
        training=Training(
            steps=1, batch_size=1, micro_batch=1, warmup=0, learning_rate=0.2, precision="float32"
        ),
        validation=Validation(share=0.0, num_inference_steps=1),
    )  # fmt: skip
    (tmp_path / "c.toml").write_text(to_toml(config))
    command = [sys.executable, "-m", "training", "c.toml", "--runs", "run", "--threads", "1"]
    paths = {"PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    process = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=os.environ | paths)
    assert process.returncode == 0, process.stderr
    return tmp_path / "redder"


@pytest.fixture(autouse=True)
def _remove_adapters(engine_place) -> Iterator[None]:
    yield
    shutil.rmtree(engine_place.adapters, ignore_errors=True)


@pytest.mark.full
def test_an_adapter_in_use_changes_the_edit_and_is_listed_in_its_facts(got, picture, adapter, tmp_path):
    plain = got("edit", picture, INSTRUCTION, "-o", "plain.png", *FAST)
    assert plain.code == 0, plain.err
    assert json.loads(plain.out)["adapters"] == []

    assert got("model", "use", adapter, "--weight", 0.8).code == 0
    adapted = got("edit", picture, INSTRUCTION, "-o", "adapted.png", *FAST)
    assert adapted.code == 0, adapted.err
    facts = json.loads(adapted.out)
    assert facts["adapters"] == [{"name": "redder", "weight": 0.8}]
    assert facts["chain"] == json.loads(plain.out)["chain"]
    assert (tmp_path / "adapted.png").read_bytes() != (tmp_path / "plain.png").read_bytes()
    with Image.open("plain.png") as before, Image.open("adapted.png") as after:
        assert before.tobytes() != after.tobytes()

    assert got("model", "use", "--off").code == 0
    again = got("edit", picture, INSTRUCTION, "-o", "again.png", *FAST)
    assert again.code == 0, again.err
    with Image.open("plain.png") as before, Image.open("again.png") as after:
        assert before.tobytes() == after.tobytes()
