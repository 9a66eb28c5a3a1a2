"""What is said about a plan before it is drawn."""

import pytest

from engine.api.advice import advice, is_drawable, steps
from engine.api.chain import Chain
from engine.api.origin import Origin

BOX = "<|box_start|>(100,100),(500,500)<|box_end|>"
ONE = f"A car {BOX} (red) becomes purple.<|im_gen_start|>"
NO_COLOR = f"A car {BOX} becomes purple.<|im_gen_start|>"
LOST = "A car <|box_start|>(100,100),(500 (red) becomes purple.<|im_gen_start|>"
NONSENSE = " edited300,33333330," * 250


def edit(words: str) -> Origin:
    return Origin(instruction=words)


@pytest.mark.parametrize(
    ("instruction", "count"),
    [
        ("turn the car purple", 1),
        ("turn the car purple, then make the fish blue", 2),
        ("Turn the car purple. Then make the fish blue.", 2),
        ("turn the car purple and then make the fish blue; remove the hat", 3),
        ("afterwards make the fish blue", 1),
        ("make the car smaller than the fish", 1),
        ("turn the car purple;", 1),
        ("", 0),
    ],
)
def test_the_steps_that_an_instruction_names(instruction: str, count: int):
    assert steps(instruction) == count


@pytest.mark.parametrize(
    ("text", "origin", "codes"),
    [
        ("", edit("turn the car purple"), []),
        (ONE, edit("turn the car purple"), []),
        (ONE, edit("turn the car purple, then make the fish blue"), ["fewer_steps"]),
        (ONE + "<|im_gen_end|>" + ONE, edit("turn the car purple, then make the fish blue"), []),
        (NO_COLOR, edit("turn the car purple"), ["no_region"]),
        (NO_COLOR, Origin(task="text_to_image", instruction="a car"), []),
        (LOST, edit("turn the car purple"), ["no_usable_box"]),
        (NONSENSE, edit("turn the car purple"), ["no_plan"]),
        (NONSENSE, Origin(), ["no_region"]),  # written by hand: the user means it
        ("Make it blue.", edit("turn the car purple"), ["no_region"]),  # replaced by hand
        (NONSENSE + "<|box_start|>(1,2", edit("turn the car purple"), ["no_usable_box"]),
    ],
)
def test_what_is_said_of_a_plan(text: str, origin: Origin, codes: list[str]):
    notes = advice(Chain.parse(text), origin)
    assert [note.code for note in notes] == codes


def test_what_nothing_could_come_of_cannot_be_drawn():
    by_hand, planned = Origin(), edit("turn the car purple")
    assert is_drawable(Chain.parse(ONE), planned) and is_drawable(Chain.parse(NONSENSE), by_hand)
    assert not is_drawable(Chain.parse(""), by_hand) and not is_drawable(Chain.parse(NONSENSE), planned)
    assert not is_drawable(Chain.parse(LOST), planned) and is_drawable(Chain.parse(LOST), planned, everywhere=True)
