"""The gate: every variant can be rendered, and the figures show its gains and losses compared with the exact one."""

import pytest

from benchmarks.gate import WAYS, losses, report
from engine.got.files.config import GoTConfig
from engine.got.presets import render_options
from training.evaluate.verdict import Verdict


def verdict(right: bool, psnr: float, seconds: float) -> Verdict:
    return Verdict("replace", "direct", "", "", True, True, [], None, None, right, right, psnr, seconds=seconds)


@pytest.mark.parametrize("way", WAYS)
def test_a_variant_can_be_rendered_and_differs_from_the_exact_one(way: str):
    exact, other = (render_options(GoTConfig(name="any"), "edit", **WAYS[name]) for name in ("exact", way))
    assert (way == "exact") == (exact == other)


def test_variants_are_compared_with_the_exact_one_sample_by_sample():
    figures = report(
        {
            "exact": [verdict(True, 30.0, 4.0), verdict(False, 32.0, 8.0), verdict(True, 34.0, 12.0)],
            "same": [verdict(True, 30.2, 2.0), verdict(True, 32.2, 2.0), verdict(False, 33.0, 4.0)],
            "worse": [verdict(True, 29.0, 4.0), verdict(False, 32.0, 8.0), verdict(True, 33.0, 12.0)],
        }
    )
    assert figures["exact"] | {"samples": 3, "times_less": 1.0, "edits_won": 0, "edits_lost": 0} == figures["exact"]
    assert figures["same"] | {"times_less": 3.0, "edits_won": 1, "edits_lost": 1, "passes": True} == figures["same"]
    assert figures["worse"]["psnr_lost"] == pytest.approx(2 / 3, abs=1e-3) and not figures["worse"]["passes"]


@pytest.mark.parametrize(("success", "passes"), [(0.86, True), (0.85, True), (0.84, False)])
def test_one_edit_of_a_hundred_may_be_lost(success: float, passes: bool):
    figures = {"edit_success": 0.86, "outside_psnr": 33.0}
    assert losses(figures, figures | {"edit_success": success})["passes"] == passes
