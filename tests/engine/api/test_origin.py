"""A plan belongs to the instruction it answers."""

import pytest

from engine.api.origin import Origin, Task


@pytest.mark.parametrize(
    ("origin", "task", "words", "answers"),
    [
        (Origin(instruction="turn the car purple"), "edit", "turn the car purple", True),
        (Origin(instruction="turn the car purple"), "edit", "  turn the\ncar purple ", True),
        (Origin(instruction="turn the car purple"), "edit", "make the fish blue", False),
        (Origin(instruction="turn the car purple"), "edit", "Turn the car purple", False),
        (Origin(instruction="turn the car purple"), "edit", "", True),
        (Origin(instruction="a purple car", task="text_to_image"), "edit", "a purple car", False),
        (Origin(instruction="a purple car", task="text_to_image"), "text_to_image", "a purple car", True),
        (Origin(), "edit", "make the fish blue", True),
    ],
)
def test_it_answers_its_own_words_and_no_others(origin: Origin, task: Task, words: str, answers: bool):
    assert origin.answers(task, words) is answers


def test_a_plan_is_drawn_with_its_own_words_and_one_written_by_hand_with_the_fields():
    assert Origin(instruction="turn the car purple").words("make the fish blue") == "turn the car purple"
    assert Origin().words("make the fish blue") == "make the fish blue"


def test_storing_and_reading_give_the_same_and_values_of_other_versions_cost_nothing():
    origin = Origin(task="text_to_image", instruction="a car", model="got-mini", adapter="mine", image="ab")
    assert Origin.from_json(origin.to_json()) == origin
    assert Origin.from_json({"instruction": "a car", "task": "video", "model": 3, "later": "x"}) == Origin(
        instruction="a car"
    )
