"""The evaluation of a folder, with and without an adapter, and its criterion for a right edit."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from training.data.manifest import Row, read_rows
from training.evaluate.__main__ import main as evaluate
from training.evaluate.pairs import edit_right
from training.finetune.run import Finetune


def test_a_folder_is_evaluated_with_an_adapter(config, data, base, tmp_path, capsys):
    Finetune(config(training_steps=1), tmp_path / "run").run()
    options = ["--samples", "1", "--steps", "1", "--html", str(tmp_path / "r.html"), "--json", str(tmp_path / "r.json")]
    adapter = ["--adapter", str(tmp_path / "adapter"), "0.8"]
    assert evaluate([str(data), "--model", str(base), *adapter, *options]) == 0
    figures = json.loads((tmp_path / "r.json").read_text())
    assert figures["samples"] == 1
    assert figures["edit_success"] in (0.0, 1.0)
    assert "<figure>" in (tmp_path / "r.html").read_text()
    assert evaluate([str(tmp_path / "none")]) == 2
    assert "got annotate" in capsys.readouterr().err


@pytest.fixture
def row(data: Path) -> Row:
    return next(row for row in read_rows(data) if row.source)


def test_the_target_is_right_but_the_source_and_damage_outside_the_boxes_are_wrong(row):
    source, target = row.pictures()
    assert edit_right(row, {"result": target, "outside_psnr": 99.0}) is True
    assert edit_right(row, {"result": source, "outside_psnr": 99.0}) is False
    assert edit_right(row, {"result": target, "outside_psnr": 20.0}) is False
    assert edit_right(replace(row, source=None), {"result": Image.new("RGB", (9, 9)), "outside_psnr": None}) is None
