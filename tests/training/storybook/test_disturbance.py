"""A disturbed picture still shows the same scene, and a seed always gives the same disturbance."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.training.examples import picture_before
from training.storybook.disturbance import DISTURBANCES, disturb
from training.storybook.drawing import SIZE
from training.storybook.edits import sample

SEED = 9 * 10**9 + 17


@pytest.mark.parametrize("name", DISTURBANCES)
def test_a_disturbance_keeps_the_scene_and_follows_from_its_seed(name):
    clean = Image.fromarray(picture_before(sample(SEED, "recolor")))
    one, again, other = (disturb(clean, name, seed) for seed in (3, 3, 4))
    assert np.array_equal(np.asarray(one), np.asarray(again))
    assert one.size != other.size or not np.array_equal(np.asarray(one), np.asarray(other))
    assert 64 <= one.width == one.height <= 1024
    back = np.asarray(one.resize((SIZE, SIZE)), np.float32)
    assert 0.2 < np.abs(back - np.asarray(clean, np.float32)).mean() < 48
