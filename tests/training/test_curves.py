"""The plot of a run's losses."""

from __future__ import annotations

import json

import numpy as np
from PIL import Image

from training.curves import main, read_log, read_runs


def test_the_last_value_counts_if_a_resumed_run_logs_a_step_twice(tmp_path):
    log = tmp_path / "log.jsonl"
    rows = [{"time": 1, "step": s, "samples_per_second": 9.0, "loss": v} for s, v in [(1, 4.0), (2, 3.0), (2, 2.0)]]
    log.write_text("\n".join(map(json.dumps, rows)) + "\n")
    assert read_log(log) == {"loss": [(1, 4.0), (2, 2.0)]}


def test_each_phase_has_its_panel(tmp_path):
    for phase in ("vae", "chains"):
        (tmp_path / phase).mkdir()
        rows = [{"step": s, "loss": 1 / s, "held_out_loss": 2 / s, "psnr": 30.0} for s in (1, 2, 3)]
        (tmp_path / phase / "log.jsonl").write_text("\n".join(map(json.dumps, rows)))
    main([str(tmp_path), str(tmp_path / "curves.png")])
    one = tmp_path / "one"
    (one / "vae").mkdir(parents=True)
    (tmp_path / "vae" / "log.jsonl").rename(one / "vae" / "log.jsonl")
    main([str(one), str(tmp_path / "narrow.png")])
    with Image.open(tmp_path / "curves.png") as wide, Image.open(tmp_path / "narrow.png") as narrow:
        assert wide.width > 1.9 * narrow.width
        assert len(np.unique(np.asarray(wide.convert("RGB")).reshape(-1, 3), axis=0)) > 100


def test_a_fine_tuning_has_a_panel_for_its_losses_and_one_per_held_out_metric(tmp_path, capsys):
    rows = [
        {"time": 1, "step": s, "loss": 3 / s, "chain": 2 / s, "diffusion": 1 / s, "learning_rate": 1e-4}
        for s in (1, 2, 3)
    ]
    rows += [{"time": 1, "step": s, "held_out_target_box_iou": s / 3} for s in (1, 3)]
    (tmp_path / "log.jsonl").write_text("\n".join(map(json.dumps, rows)))
    panels = read_runs(tmp_path)
    assert {name: set(curves) for name, curves in panels.items()} == {
        "losses": {"loss", "chain", "diffusion"},
        "held_out_target_box_iou": {"held_out_target_box_iou"},
    }
    assert panels["losses"]["chain"] == [(1, 2.0), (2, 1.0), (3, 2 / 3)]
    assert main([str(tmp_path), str(tmp_path / "curves.png")]) == 0
    with Image.open(tmp_path / "curves.png") as picture:
        assert picture.width > 1.5 * picture.height
    assert main([str(tmp_path / "none"), str(tmp_path / "none.png")]) != 0
    assert "There is no run" in capsys.readouterr().err
