"""A GoT model's planner begins chains in its own style, and names the edited object."""

from __future__ import annotations

from engine.api.chain import Chain
from training.annotate.pairs import annotated
from training.annotate.planner import PlannerDescriber
from training.annotate.run import annotate
from training.data.manifest import read_manifest
from training.experiments.novelty import novelty, write_pairs


def test_a_model_describes_pairs_in_its_own_style(root, tmp_path):
    folder = tmp_path / "one"
    write_pairs(folder, 1)
    annotate(folder, tmp_path / "out", annotated(PlannerDescriber(root / "resources" / "models" / "got-mini")))
    (row,) = read_manifest(tmp_path / "out").values()
    assert row["chain"].startswith("The image shows")
    assert "The object to change is the" in row["chain"]
    assert row["chain"].endswith("snowman.<|im_gen_start|>")
    assert Chain.parse(row["chain"]).mask_regions(0)[0].box.iou(novelty(12 * 10**9).old.box) > 0.9
