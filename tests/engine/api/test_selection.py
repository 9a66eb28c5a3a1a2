"""The context that the model sees around a selection: one rule for the engine, the app and the plug-ins."""

import pytest

from engine.api.errors import RequestError
from engine.api.selection import Selection


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(400, 400, 200, 100), (350, 350, 650, 550)),  # a quarter of the longer side on each side
        (Selection(300, 300, 10, 10), (268, 268, 342, 342)),  # at least 32 pixels
        (Selection(0, 0, 10, 10), (0, 0, 42, 42)),
        (Selection(990, 790, 10, 10), (958, 758, 1000, 800)),
        (Selection(0, 0, 1000, 800), (0, 0, 1000, 800)),
    ],
)
def test_the_model_sees_what_surrounds_a_selection_as_far_as_the_picture_goes(selection, expected):
    assert selection.seen_in(1000, 800) == expected


@pytest.mark.parametrize("selection", [Selection(995, 0, 6, 5), Selection(0, 795, 5, 6)])
def test_a_selection_beyond_the_picture_is_refused(selection):
    with pytest.raises(RequestError, match=r"beyond the picture \(1000×800 pixels\)") as error:
        selection.seen_in(1000, 800)
    assert error.value.code == "selection_outside"
