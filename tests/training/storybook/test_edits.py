"""Storybook examples follow from their seeds, and their chains are well-formed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.api.chain import Chain
from training.storybook.drawing import BACKGROUNDS, COLORS, KINDS, SIZE, USUAL_COLORS
from training.storybook.edits import EDITS, TASKS, sample
from training.storybook.scene import Scene, Thing

SEEDS = range(60)


def test_there_are_enough_kinds_colors_and_backgrounds():
    assert len(KINDS) >= 20 and len(COLORS) >= 10 and len(BACKGROUNDS) >= 8
    assert {"add", "remove", "replace", "recolor", "move", "resize", "background"} == set(EDITS)


@pytest.mark.parametrize("task", [None, *TASKS])
def test_an_example_follows_from_its_seed(task):
    first, second = sample(7, task), sample(7, task)
    assert first == second
    assert np.array_equal(first.steps[0].target.render(), second.steps[0].target.render())
    assert sample(8, task) != first


@pytest.mark.parametrize("task", TASKS)
def test_chains_are_well_formed_and_have_the_regions_boxes(task):
    for seed in SEEDS:
        example = sample(seed, task)
        chain = Chain.parse(example.chain)
        assert chain.text == example.chain
        assert {p.code for p in chain.problems} <= {"no_color"}
        assert len(chain.turns) == len(example.steps)
        for turn, step in zip(chain.turns, example.steps, strict=True):
            assert turn.finished
            masks = [(r.box, r.color) for r in chain.mask_regions(turn.index)]
            assert masks == list(step.regions)


@pytest.mark.parametrize("operation", EDITS)
def test_an_edit_changes_only_what_it_says(operation):
    for seed in SEEDS:
        example = sample(seed, operation)
        assert example.source
        step = example.steps[0]
        before, after = set(example.source.things), set(step.target.things)
        assert before - after == ({step.old} if step.old else set())
        assert after - before == ({step.new} if step.new else set())
        assert (step.target.background != example.source.background) == (operation == "background")
        difference = (example.source.render() != step.target.render()).any(-1)
        assert difference.any()
        if operation != "background":
            for thing in (step.old, step.new):
                if thing:
                    difference[thing.y : thing.y + thing.height, thing.x : thing.x + thing.width] = False
            assert not difference.any()


@pytest.mark.parametrize("task", ["add", "replace", "text_to_image"])
def test_a_new_object_without_a_color_in_its_name_has_the_usual_color(task):
    """For “replace the leaf with an umbrella”, the chain has a color, which the user can change there."""
    assert USUAL_COLORS.keys() == KINDS.keys() and set(USUAL_COLORS.values()) <= set(COLORS)
    colorless = 0
    for example in (sample(seed, task) for seed in SEEDS):
        step = example.steps[0]
        for thing in [step.new] if step.new else step.target.things:
            has_color = thing.name in example.instruction
            assert thing.name in step.chain and (has_color or thing.color == USUAL_COLORS[thing.kind])
            colorless += not has_color
    assert colorless > 5


def test_objects_stay_inside_the_picture_and_apart():
    for seed in SEEDS:
        for step in sample(seed).steps:
            for thing in step.target.things:
                others = replace(step.target, things=tuple(t for t in step.target.things if t is not thing))
                assert others.fits(thing)


def test_boxes_are_multiples_of_ten_close_to_the_object():
    for seed in SEEDS:
        for thing in sample(seed).steps[0].target.things:
            box = thing.box
            assert all(v % 10 == 0 for v in (box.x1, box.y1, box.x2, box.y2))
            assert (
                abs(box.x1 * SIZE / 1000 - thing.x) <= 1 and abs(box.y2 * SIZE / 1000 - thing.y - thing.height) <= 1.5
            )


def test_every_kind_and_color_looks_different():
    pictures = [
        Scene("room", things=(Thing(kind, color, 30, 30, 40, 40),)).render() for kind in KINDS for color in COLORS
    ]
    assert len({p.tobytes() for p in pictures}) == len(KINDS) * len(COLORS)
