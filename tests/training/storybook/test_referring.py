"""Referring expressions point at one thing of a scene and no other."""

from __future__ import annotations

import random

from training.storybook.referring import refer
from training.storybook.scene import Thing


def test_referring_expressions_point_at_one_thing():
    things = (
        Thing("star", "red", 4, 50, 30, 30),
        Thing("star", "blue", 48, 50, 30, 30),
        Thing("car", "red", 92, 50, 30, 30),
    )
    said = {refer(random.Random(seed), things, things[1]) for seed in range(200)}
    assert said <= {
        ("the blue star", "name"),
        ("the blue object", "color"),
        ("the second object from the left", "counting"),
    }
    assert len(said) >= 3
    leftmost = {refer(random.Random(seed), things, things[0]) for seed in range(200)}
    assert ("the leftmost object", "superlative") in leftmost
    assert ("the object left of the blue star", "relation") in leftmost
    assert ("the star", "kind") not in leftmost and ("the red object", "color") not in leftmost


def test_twins_cannot_be_told_apart_by_name():
    twins = (Thing("star", "red", 4, 50, 30, 30), Thing("star", "red", 80, 50, 30, 30))
    kinds = {said[1] for seed in range(50) if (said := refer(random.Random(seed), twins, twins[0]))}
    assert kinds == {"superlative"}
