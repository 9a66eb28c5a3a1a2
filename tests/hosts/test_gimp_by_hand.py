"""The dialog of the GIMP plug-in with real keys and a real mouse."""

from tests.hosts.gimp import Gimp
from tests.hosts.hands import hands


def test_keys_stay_in_the_dialog_a_plan_keeps_its_words_and_an_edit_is_one_step(gimp: Gimp):
    with hands(gimp.ground.pictures, gimp.display):
        notes = gimp.run("by_hand", window=True)
    user = notes["by_hand"]
    assert user["title"] == "Edit with instruction – sea.xcf" and user["first_text"] == ""
    assert user["written"] == "turn the orange fish purple" and "<|im_gen_start|>" in user["planned"]
    assert [user[name] for name in ("default_before", "default_planned", "default_other", "default_candidates")] == [
        "_Plan",
        "_Apply",
        "_Plan",
        "_Add layer",
    ]
    for name in ("deleted", "deleted_in_the_list"):
        assert user[name][1] == user[name][0] - 1
    assert 0 < user["backspace"][0] - user["backspace"][1] < 40  # a word
    assert "Cancelled." in user["cancelled"] and user["kept"]
    assert user["question"] == "Draw the plan for “turn the orange fish purple”, or plan again?"
    assert user["after_escape"] == [True, True]
    assert user["candidates"] == 2
    _one_step(notes)
    assert notes["repeated"] == ["success", True, "GoT: make the car blue – seed 42"]


def _one_step(notes: dict) -> None:
    """One layer with the plan's words; one Ctrl+Z in GIMP's window undoes it, and Ctrl+Y brings all of it back."""
    assert notes["by_hand"]["values"] == ["success"] and notes["changed"] and notes["by_hand"]["dirty"]
    assert [name for name, _ in notes["by_hand"]["layers"]] == [
        "GoT: turn the orange fish purple",
        "Background",
    ]
    assert notes["undone"] == [True, False] and notes["users_step_undone"] == 1
    assert notes["redone"] == [True, True]
