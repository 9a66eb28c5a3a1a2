"""Referring expressions identify exactly one object in a scene."""

from __future__ import annotations

import random

from training.storybook.referring import refer
from training.storybook.scene import Thing


def test_referring_expressions_identify_one_object():
    things = (
        Thing("star", "red", 4, 50, 30, 30),
        Thing("star", "blue", 48, 50, 30, 30),
        Thing("car", "red", 92, 50, 30, 30),
    )
    expressions = {refer(random.Random(seed), things, things[1]) for seed in range(200)}
    assert expressions <= {
        ("the blue star", "name"),
        ("the blue object", "color"),
        ("the second object from the left", "counting"),
    }
    assert len(expressions) >= 3
    leftmost = {refer(random.Random(seed), things, things[0]) for seed in range(200)}
    assert ("the leftmost object", "superlative") in leftmost
    assert ("the object left of the blue star", "relation") in leftmost
    assert ("the star", "kind") not in leftmost and ("the red object", "color") not in leftmost


def test_twins_cannot_be_distinguished_by_name():
    twins = (Thing("star", "red", 4, 50, 30, 30), Thing("star", "red", 80, 50, 30, 30))
    kinds = {pair[1] for seed in range(50) if (pair := refer(random.Random(seed), twins, twins[0]))}
    assert kinds == {"superlative"}
