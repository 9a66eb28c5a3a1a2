"""The plug-in in a real GIMP 3, with a real engine and the shipped model."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.hosts.gimp import Gimp
from tests.translations import Sources, read

DRAWING = {
    "instruction": "",
    "chain": "",
    "model": "got-mini",
    "adapter": "",
    "candidates": 1,
    "seed": 42,
    "steps": -1,
    "semantic": -1.0,
    "spatial": -1.0,
    "reference": -1.0,
}
ARGUMENTS = {
    "got-edit": DRAWING | {"scope": "boxes", "feather": 0.1, "grow": 4.0},
    "got-generate": DRAWING | {"width": -1, "height": -1},
}
"""The interface for scripts: names in this order, and defaults."""


REFUSED = {
    "scope=everything": "Scope “everything” does not exist. Use one of these: boxes, spill, whole.",
    "steps=-3": "The number of steps is out of range: -3. Use a value from 1 to 1000.",
    "steps=0": "The number of steps is out of range: 0. Use a value from 1 to 1000.",
    "candidates=9": "The number of candidates is out of range: 9. Use a value from 1 to 8.",
    "seed=-1": "The seed is out of range: -1. Use a value from 0 to 2^63 - 1.",
    "feather=nan": "The feather width is out of range: nan. Use a value from 0 to 1.",
    "grow=-inf": "The mask growth is out of range: -inf. Use a value from 0 to 1000.",
    "semantic=-7.0": "The semantic guidance scale is out of range: -7.0. Use a value from 0 to 100.",
    "height=0": "The height is not valid: 0. Use a multiple of 8 from 64 to 4096.",
}
"""Arguments that no picture can be drawn with -> what the script is told."""
GIMPS_OWN = {"Cancel", "_Cancel", "Image"}
"""Texts of GIMP, which are English where the system has no German locale."""
WORDS = "turn the orange fish purple"


def test_scripts_plan_change_a_box_and_edit(gimp: Gimp):
    notes = gimp.run("batch")
    assert notes["arguments"] == ARGUMENTS
    assert [list(names) for names in notes["arguments"].values()] == [list(names) for names in ARGUMENTS.values()]
    assert notes["plan"][0] == "success" and "<|box_start|>" in notes["plan"][1] and notes["untouched_by_plan"]
    assert notes["edit"] == ["success", notes["moved"]] and notes["moved"] != notes["plan"][1]
    assert notes["layers"] == [["GoT: turn the orange fish purple", True], *notes["nodes"]]
    assert notes["changed"] > 20 and notes["changed_outside_the_mask"] == 0 and notes["mask_share"] < 0.9
    assert notes["loaded"] == notes["layers"] and notes["loaded_same"]
    assert notes["hard"][0] == [0, 255] and notes["hard"][1] > 2  # feather 0, and the model's default border
    assert notes["candidates"] == ["success", [[f"GoT: {WORDS} – seed 42", True], [f"GoT: {WORDS} – seed 43", False]]]
    assert notes["selected"][0] == "success" and notes["selected_changed"] > 20 and notes["selected_outside"] == []


def test_images_of_other_modes_and_requests_that_make_no_sense(gimp: Gimp):
    notes = gimp.run("modes")
    assert notes["empty"] == ["execution-error", "The instruction is empty. Describe what should change."]
    assert notes["model"][0] == "execution-error" and "got model import" in notes["model"][1]
    assert notes["grey"] == ["success"] and len(notes["grey_layers"]) == 2
    assert notes["deep"] == ["success"] and notes["deep_changed"][0] > 20
    assert notes["deep_changed"][1:] == [0, "float-linear"]
    assert notes["indexed"][0] == "execution-error" and "Image ▸ Mode ▸ RGB" in notes["indexed"][1]
    assert len(notes["indexed_layers"]) == 1
    error, fresh = notes["cropped"], notes["fresh"]
    assert (
        error[0] == "execution-error"
        and "resized from 128×128 to 100×100" in error[1]
        and len(notes["cropped_layers"]) == 1
    )
    assert f"(ID {fresh[0][0]})" in error[1] and fresh[0][1:] == ["GoT: turn the orange fish purple", False]
    for value, problem in REFUSED.items():
        assert notes[value] == ["execution-error", problem], value
    assert notes["refused_layers"] == 1
    said = (gimp.ground.folder / "modes.err").read_text(errors="replace")
    assert notes["unseen"] == ["success"] and said.count("Nothing of the new layer can be seen") == 1
    assert notes["lost"][0] == "execution-error" and "No edit box in the chain can be used" in notes["lost"][1]
    assert len(notes["lost_layers"]) == 1
    for corner in ("1000,390", "1003,390"):
        assert notes[corner] == ["success"] and notes[f"{corner} mask"] == [255, 0]
    assert notes["transparent"] == ["success"] and notes["alpha_changed"] == [] and notes["hidden"] == 0
    assert notes["half_changed"][0] > 20 and notes["half_changed"][1] == 0
    assert notes["half_shows_the_edit"][0] > 20 and notes["half_shows_the_edit"][1] <= 1
    assert notes["generate"][0] == "success" and notes["generate"][1] >= 64


def test_without_an_engine_the_caller_is_told_what_to_do(gimp: Gimp):
    notes = gimp.run("no_engine")
    assert notes["edit"][0] == "execution-error" and "got plugin install" in notes["said"]


def test_on_a_german_system_it_speaks_german(gimp: Gimp):
    notes = gimp.run("german", window=True, LANG="de_DE.UTF-8", LANGUAGE="de")
    german = {str(message.string) for message in read("de")}  # some are English words for something else
    for texts in (notes["dialog"], notes["procedures"]):
        assert len(texts) > 20 and not (set(Sources().templates) - german - GIMPS_OWN) & set(texts)
    assert notes["refused"][0] == "execution-error" and "gibt es nicht" in notes["refused"][1]


def test_the_dialog_answered_by_a_user(gimp: Gimp):
    with _pressing(gimp, "ctrl+z", "applied"):
        notes = gimp.run("dialog", window=True)
    _applied(notes["ok"])
    for how in ("cancel", "leave", "stop"):
        _nothing_changed(notes[how])
    assert "Cancelled." in notes["stop"]["labels"]


def test_the_dialogs_when_something_goes_wrong_and_a_new_picture(gimp: Gimp):
    with _pressing(gimp, "ctrl+F9", "shown"):
        notes = gimp.run("accidents", window=True)
    _product_missing(notes["missing"])
    _engine_killed(notes["killed"])
    _image_closed(notes["closed"])
    values, layers, open_still = notes["scripted"]
    assert values[0] == "success" and len(layers) == 2 and not open_still
    _generated(notes["generate"])


def _applied(notes: dict) -> None:
    """Plan, drag a box, draw one layer; one Ctrl+Z in GIMP's window removes it."""
    assert notes["values"] == ["success", notes["dragged"]] and notes["dragged"] != notes["planned"]
    assert notes["layers"][0] == ["GoT: replace the pink leaf with an umbrella", True]
    assert notes["changed"] > 20 and notes["outside"] == 0
    assert notes["same"]


def _nothing_changed(notes: dict) -> None:
    """Cancel, closing while the edit runs, Cancel job: the image does not change, and no job keeps running."""
    assert notes["values"][0] == "cancel" and notes["layers"] == 1 and notes["same"]
    assert "<|box_start|>" in notes["chain"]
    assert "running" not in notes["jobs"] and "queued" not in notes["jobs"]


def _engine_killed(notes: dict) -> None:
    """Another engine finishes the edit."""
    assert notes["values"] == ["success"] and notes["now"] != notes["killed"]
    assert [name for name, masked in notes["layers"] if masked] == ["GoT: turn the orange fish purple"]


def _image_closed(notes: dict) -> None:
    """The result is a new image; the other open image is unchanged."""
    assert notes["fresh"] == [["GoT: turn the orange fish purple", False, 128, 128]]
    assert notes["other"] and notes["other_layers"] == 1


def _generated(notes: dict) -> None:
    assert notes["values"] == ["success", notes["dragged"]] and notes["dragged"] != notes["planned"]
    assert min(notes["size"]) >= 64


def _product_missing(notes: dict) -> None:
    assert any("Install got_desktop" in words for words in notes["labels"])
    assert notes["values"] == ["cancel"] and notes["layers"] == 1


@contextmanager
def _pressing(gimp: Gimp, keys: str, when: str) -> Iterator[None]:
    """Presses keys in GIMP's window while the file `when` exists; a script creates it, and the reaction removes it.

    The keys are pressed repeatedly, because a window that was just opened may ignore them.
    """
    over = threading.Event()

    def press() -> None:
        while not over.wait(0.2):
            if (gimp.ground.pictures / when).exists():
                gimp.press(keys)
                over.wait(10)

    thread = threading.Thread(target=press)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
