"""The ablation trains three variants with the same settings and prints a table."""

from __future__ import annotations

import json

import pytest

from training.experiments.ablation import main, markdown
from training.finetune.config import to_toml


@pytest.mark.full
def test_the_table_has_a_row_for_each_of_three_variants(config, data, tmp_path, capsys):
    (tmp_path / "c.toml").write_text(to_toml(config(training_steps=1, validation_num_inference_steps=1)))
    few = tmp_path / "few"
    few.mkdir()
    (few / "pairs.jsonl").write_text((data / "pairs.jsonl").read_text().splitlines()[0] + "\n")
    (few / "pictures").symlink_to(data / "pictures")
    assert main([str(tmp_path / "c.toml"), str(few), "-o", str(tmp_path / "out"), "--threads", "1"]) == 0
    table = json.loads((tmp_path / "out" / "table.json").read_text())
    assert [row["variant"] for row in table] == ["baseline", "+ GoT", "+ SSGM"]
    assert {row["steps"] for row in table} == {1}
    assert all("edit_success" in row for row in table)
    assert capsys.readouterr().out.endswith(markdown(table))
