"""The plug-in in a real GIMP 3, with a real engine and the shipped model."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.hosts.gimp import Gimp

DRAWING = {
    "instruction": "",
    "chain": "",
    "model": "got-mini",
    "adapter": "",
    "seed": [0, 2**31 - 1, 42],
    "steps": [0, 1000, 0],
    "semantic": [-1.0, 100.0, -1.0],
    "spatial": [-1.0, 100.0, -1.0],
    "reference": [-1.0, 100.0, -1.0],
}
ARGUMENTS = {
    "got-edit": DRAWING | {"scope": "boxes", "feather": [0.0, 1.0, 0.1], "grow": [0.0, 1000.0, 4.0]},
    "got-generate": DRAWING | {"width": [0, 4096, 0], "height": [0, 4096, 0]},
}
"""What scripts rely on: names in this order; the least number, the largest one and the default."""


def test_scripts_plan_change_a_box_and_edit(gimp: Gimp):
    notes = gimp.run("batch")
    assert notes["arguments"] == ARGUMENTS
    assert [list(names) for names in notes["arguments"].values()] == [list(names) for names in ARGUMENTS.values()]
    assert notes["plan"][0] == "success" and "<|box_start|>" in notes["plan"][1] and notes["untouched_by_plan"]
    assert notes["edit"] == ["success", notes["moved"]] and notes["moved"] != notes["plan"][1]
    assert notes["layers"] == [["GoT: turn the orange fish purple", True], *notes["nodes"]]
    assert notes["changed"] > 20 and notes["changed_outside_the_mask"] == 0 and notes["mask_share"] < 0.9
    assert notes["loaded"] == notes["layers"] and notes["loaded_same"]
    assert notes["hard"][0] == [0, 255] and notes["hard"][1] > 2  # feather 0, and the model's own border
    assert notes["selected"][0] == "success" and notes["selected_changed"] > 20 and notes["selected_outside"] == []


def test_images_of_other_modes_and_requests_that_make_no_sense(gimp: Gimp):
    notes = gimp.run("modes")
    assert notes["empty"] == ["execution-error", "The instruction is empty. Describe what you want to see."]
    assert notes["model"][0] == "execution-error" and "got model import" in notes["model"][1]
    assert notes["grey"] == ["success"] and len(notes["grey_layers"]) == 2
    assert notes["deep"] == ["success"] and notes["deep_changed"][0] > 20
    assert notes["deep_changed"][1:] == [0, "float-linear"]
    assert notes["indexed"][0] == "execution-error" and "Image ▸ Mode ▸ RGB" in notes["indexed"][1]
    assert len(notes["indexed_layers"]) == 1
    said, fresh = notes["cropped"], notes["fresh"]
    assert (
        said[0] == "execution-error"
        and "resized from 128×128 to 100×100" in said[1]
        and len(notes["cropped_layers"]) == 1
    )
    assert f"(id {fresh[0][0]})" in said[1] and fresh[0][1:] == ["GoT: turn the orange fish purple", False]
    assert notes["lost"][0] == "execution-error" and "None of the chain's boxes can be used" in notes["lost"][1]
    assert len(notes["lost_layers"]) == 1
    for corner in ("1000,390", "1003,390"):
        assert notes[corner] == ["success"] and notes[f"{corner} mask"] == [255, 0]
    assert notes["generate"][0] == "success" and notes["generate"][1] >= 64


def test_without_an_engine_the_caller_is_told_what_to_do(gimp: Gimp):
    notes = gimp.run("no_engine")
    assert notes["edit"][0] == "execution-error" and "got plugin install" in notes["said"]


def test_the_dialog_answered_by_a_user(gimp: Gimp):
    with _pressed(gimp, "ctrl+z", "applied"):
        notes = gimp.run("dialog", window=True)
    _applied(notes["ok"])
    for how in ("cancel", "leave", "stop"):
        _nothing_changed(notes[how])
    assert "Cancelled." in notes["stop"]["said"]


def test_the_dialogs_when_something_goes_wrong_and_a_new_picture(gimp: Gimp):
    with _pressed(gimp, "ctrl+F9", "shown"):
        notes = gimp.run("accidents", window=True)
    _product_missing(notes["missing"])
    _engine_killed(notes["killed"])
    _image_closed(notes["closed"])
    values, layers, open_still = notes["scripted"]
    assert values[0] == "success" and len(layers) == 2 and not open_still
    _generated(notes["generate"])


def _applied(found: dict) -> None:
    """Planned, a box dragged, drawn as one layer; one Ctrl+Z in GIMP's window takes it away."""
    assert found["values"] == ["success", found["dragged"]] and found["dragged"] != found["planned"]
    assert found["layers"][0] == ["GoT: replace the pink leaf with an umbrella", True]
    assert found["changed"] > 20 and found["outside"] == 0
    assert found["same"]


def _nothing_changed(found: dict) -> None:
    """Cancel, leaving while the edit runs, Stop: nothing is in the image, nothing runs on."""
    assert found["values"][0] == "cancel" and found["layers"] == 1 and found["same"]
    assert "<|box_start|>" in found["chain"]
    assert "running" not in found["jobs"] and "queued" not in found["jobs"]


def _engine_killed(found: dict) -> None:
    """Another engine finishes the edit."""
    assert found["values"] == ["success"] and found["now"] != found["killed"]
    assert [name for name, masked in found["layers"] if masked] == ["GoT: turn the orange fish purple"]


def _image_closed(found: dict) -> None:
    """The result is an image of its own; the one that was open beside is untouched."""
    assert found["fresh"] == [["GoT: turn the orange fish purple", False, 128, 128]]
    assert found["other"] and found["other_layers"] == 1


def _generated(found: dict) -> None:
    assert found["values"] == ["success", found["dragged"]] and found["dragged"] != found["planned"]
    assert min(found["size"]) >= 64


def _product_missing(found: dict) -> None:
    assert any("Install got_desktop" in words for words in found["said"])
    assert found["values"] == ["cancel"] and found["layers"] == 1


@contextmanager
def _pressed(gimp: Gimp, keys: str, when: str) -> Iterator[None]:
    """Presses keys in GIMP's window while there is the file `when`, which a script makes and what hears them removes.

    Now and then again: a window that was just opened may not take keys yet.
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
