"""The progress of a job: one bar for all candidates, and which one is drawn."""

from engine.api.protocol import Step, Writing
from got_desktop.model.activity import Activity, after
from got_desktop.ui.activity_words import say_activity


def step(number: int, candidate: int, candidates: int) -> Step:
    return Step(step=number, total=10, turn=0, candidate=candidate, seconds_left=8.0, candidates=candidates)


def test_the_bar_goes_on_from_candidate_to_candidate():
    now, parts = Activity("draw"), []
    for candidate in range(4):
        for number in (1, 10):
            now = after(step(number, candidate, 4), now)
            parts.append(now.part)
    assert parts == [(1, 40), (10, 40), (11, 40), (20, 40), (21, 40), (30, 40), (31, 40), (40, 40)]
    assert say_activity(after(step(3, 1, 4), now)) == "Drawing candidate 2 of 4: step 3 of 10, 8 s left"
    assert after(Writing(), now).part == (0, 0)


def test_a_single_candidate_is_not_counted():
    now = after(step(3, 0, 1), Activity("draw"))
    assert now.part == (3, 10) and say_activity(now) == "Drawing: step 3 of 10, 8 s left"
