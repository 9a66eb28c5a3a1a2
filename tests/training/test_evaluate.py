"""Evaluation: every step must be right, and a disturbed scene is judged by a truth that was disturbed alike."""

import numpy as np
import pytest
from PIL import Image

from engine.api.chain import Chain
from training.disturbance import DISTURBANCES, disturb
from training.drawing import SIZE
from training.evaluate import Options, judge, run, summary
from training.storybook import sample

SEED = 9 * 10**9 + 17


def test_two_steps_are_right_when_both_pictures_are():
    example = sample(SEED, "two_step")
    source = Image.fromarray(example.source.render())
    truths = [Image.fromarray(step.target.render()) for step in example.steps]
    chain = Chain.from_turns([step.chain + "<|im_gen_start|>" for step in example.steps])
    assert judge(example, source, truths, chain, truths, 0.0).right
    assert not judge(example, source, truths, chain, truths[:1], 0.0).right
    assert not judge(example, source, truths, chain, [truths[0], source], 0.0).right
    assert not judge(example, source, truths, chain, [source, truths[1]], 0.0).right


def test_the_shipped_model_is_judged_on_the_tasks_that_are_asked_for(root):
    model = str(root / "resources" / "models" / "got-mini")
    verdicts = run(2, 0, Options(model, disturbed="rescaled", steps=2), tasks=("two_step", "background"))
    assert [v.task for v in verdicts] == ["two_step", "background"]
    assert set(summary(verdicts)["by_operation"]) == {"background", "two_step"}


@pytest.mark.parametrize("name", DISTURBANCES)
def test_a_disturbed_scene_is_the_same_scene_and_the_same_for_a_seed(name):
    clean = Image.fromarray(sample(SEED, "recolor").source.render())
    one, again, other = (disturb(clean, name, seed) for seed in (3, 3, 4))
    assert np.array_equal(np.asarray(one), np.asarray(again))
    assert one.size != other.size or not np.array_equal(np.asarray(one), np.asarray(other))
    assert 64 <= one.width == one.height <= 1024
    back = np.asarray(one.resize((SIZE, SIZE)), np.float32)
    assert 0.2 < np.abs(back - np.asarray(clean, np.float32)).mean() < 48
