"""The plan under review: marks stay with their boxes when the text is edited."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.api.chain import IM_GEN_START, Box, format_box
from got_desktop.model.plan import Plan, match_boxes
from got_desktop.ui.chain_text import SIGNS, ShownChain, raw_of

TWO = (
    f"A sea with a red car {format_box(Box(100, 100, 300, 300))} and a fish {format_box(Box(500, 500, 700, 700))}."
    f" Change the car {format_box(Box(100, 100, 300, 300), 'red')}.{IM_GEN_START}"
)
pieces = st.sampled_from(["a car ", "the fish ", ". ", *SIGNS, "(1,2),(30,40)", " (red)", "x", "\n"])
texts = st.lists(pieces, max_size=12).map("".join)


def test_a_plan_from_the_model_has_a_mark_for_each_box():
    plan = Plan.of(TWO)
    assert [mark.id for mark in plan.marks] == [0, 1, 2] and not plan.has_user_work


@given(texts, texts)
def test_marks_always_match_the_chain(first, second):
    plan = Plan.of(first).with_text(second)
    assert len(plan.marks) == len(plan.chain.boxes) and plan.text == second
    assert len({mark.id for mark in plan.marks}) == len(plan.marks)
    assert Plan.from_json(plan.to_json()) == plan


def test_editing_the_text_keeps_the_ids():
    plan = Plan.of(TWO).marked(1, locked=True)
    for text in (TWO.replace("a red car", "a shiny red car"), TWO.replace("(500,500)", "(505,500)"), "Look: " + TWO):
        assert plan.with_text(text).marks == plan.marks


def test_a_deleted_box_loses_its_mark():
    plan = Plan.of(TWO)
    assert [mark.id for mark in plan.deleted(1).marks] == [0, 2]
    assert [mark.id for mark in plan.with_text(plan.deleted(0).text).marks] == [1, 2]


def test_a_typed_box_belongs_to_the_user():
    plan = Plan.of(TWO).with_text(TWO.replace(IM_GEN_START, f" A hat {format_box(Box(1, 1, 9, 9))}.{IM_GEN_START}"))
    assert [mark.by_user for mark in plan.marks] == [False, False, False, True] and plan.has_user_work


def test_a_box_in_an_empty_plan_makes_a_chain_that_can_be_drawn():
    plan = Plan().added(Box(10, 10, 200, 200), "a hat", 0)
    assert plan.marks[0].by_user and plan.chain.boxes[0].is_mask and plan.finished_text().endswith(IM_GEN_START)


def test_a_moved_box_keeps_its_mark():
    plan = Plan.of(TWO).marked(2, locked=True).shifted(2, -1)
    assert [mark.id for mark in plan.marks] == [0, 2, 1] and plan.marks[1].locked
    assert plan.chain.boxes[1].is_mask and not plan.chain.boxes[2].is_mask
    assert plan.shifted(0, -1).text == plan.text and plan.shifted(0, 9).marks[2].id == 0
    assert plan.shifted(1, 1).text == Plan.of(TWO).text


def test_a_duplicate_has_the_same_phrase_and_another_place():
    plan = Plan.of(TWO).duplicated(2)
    new = plan.chain.boxes[-1]
    assert new.phrase == plan.chain.boxes[2].phrase and new.box != plan.chain.boxes[2].box
    assert plan.marks[-1].by_user


def test_a_branch_ends_with_its_turn():
    plan = Plan.of(TWO + f"<|im_gen_end|>Then the fish {format_box(Box(1, 1, 5, 5), 'red')}.{IM_GEN_START}")
    assert plan.turns() == 2 and plan.until(0).text == TWO and len(plan.until(0).marks) == 3


@given(st.lists(st.integers(0, 3), max_size=8), st.lists(st.integers(0, 3), max_size=8))
def test_no_old_box_is_matched_twice_and_the_order_is_kept(old, new):
    matches = match_boxes(old, new)
    old_places = [matches[place] for place in sorted(matches)]
    assert old_places == sorted(set(old_places))
    assert match_boxes(old, old) == {place: place for place in range(len(old))}


@given(texts)
def test_the_shown_chain_converts_back_exactly(raw):
    shown = ShownChain.of(raw)
    assert raw_of(shown.shown) == raw
    for place in range(len(shown.shown) + 1):
        assert shown.to_shown(shown.to_raw(place)) == place


@pytest.mark.parametrize("raw", ["a ‹ b", "■"])
def test_a_text_that_contains_a_sign_is_shown_unchanged(raw):
    assert ShownChain.of(raw).shown == raw
