"""The truth counts as right; the source, a wrong color or kind, and a change outside the box do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.training.examples import picture_before
from training.storybook.edits import EDITS, sample
from training.storybook.scoring import score_edit, score_generated


@pytest.mark.parametrize("operation", EDITS)
def test_truth_is_right_and_source_is_wrong(operation):
    for seed in range(4):
        example = sample(seed, operation)
        step = example.steps[0]
        assert score_edit(example.source, step, step.target.render()).right
        assert not score_edit(example.source, step, picture_before(example)).right


@pytest.mark.parametrize("change", [{"color": "other"}, {"kind": "other"}])
def test_another_kind_or_color_is_wrong(change):
    example = sample(3, "replace")
    step = example.steps[0]
    new = step.new
    assert new is not None
    names = {"color": "blue" if new.color != "blue" else "red", "kind": "car" if new.kind != "car" else "star"}
    wrong = replace(new, **{key: names[key] for key in change})
    picture = replace(step.target, things=tuple(wrong if t == new else t for t in step.target.things)).render()
    assert not score_edit(example.source, step, picture).inside_right


def test_a_change_outside_the_box_is_wrong():
    example = sample(3, "replace")
    step = example.steps[0]
    shifted = np.clip(step.target.render().astype(int) + 20, 0, 255).astype(np.uint8)
    score = score_edit(example.source, step, shifted)
    assert score.outside_psnr is not None and score.outside_psnr < 25 and not score.right


def test_a_move_must_empty_the_old_place():
    example = sample(5, "move")
    step = example.steps[0]
    both = replace(step.target, things=(*step.target.things, step.old)).render()
    assert not score_edit(example.source, step, both).right


def test_generated_objects_are_judged_one_by_one():
    example = sample(11, "text_to_image")
    scene, boxes = example.steps[0].target, [box for box, _ in example.steps[0].regions]
    assert score_generated(scene, scene.render(), boxes) == [True] * len(boxes)
    empty = replace(scene, things=()).render()
    assert score_generated(scene, empty, boxes).count(True) == 0
    assert score_generated(scene, scene.render(), []) == [False] * len(boxes)
