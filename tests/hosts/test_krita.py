"""The plug-in in a real Krita, with a real engine and the shipped model."""

import json
import re
import zipfile

from plugins.package import KRITA, write_zip
from tests.hosts.krita import Krita


def test_an_edit_from_instruction_to_saved_file(krita: Krita):
    notes = krita.run("edit")
    assert notes["fields"] == {
        "Candidates": "1",
        "Seed": "42",
        "Scope": "Boxes only",
        "Feather": "10 %",
        "Grow": "4 px",
        "Semantic guidance": "model default",
        "Spatial guidance": "model default",
        "Reference guidance": "model default",
    }
    assert notes["busy"] and notes["untouched_by_plan"]
    assert "<|box_start|>" in notes["chain"], notes["said"]
    box, dragged = notes["box"], notes["dragged"]
    assert dragged[:2] == box[:2] and dragged[2] > box[2] and dragged[3] > box[3] and notes["text_follows"]
    layers = notes["tree"]
    assert layers[:-1] == notes["nodes"]
    assert layers[-1][:2] == ["GoT: replace the pink leaf with an umbrella", "paintlayer"]
    assert [(mask[0], mask[1]) for mask in layers[-1][2]] == [("GoT mask", "transparencymask")]
    assert notes["changed"] > 20 and notes["changed_outside_the_mask"] == 0 and notes["mask_share"] < 0.9
    assert notes["undone"] and notes["redone"]
    saved = zipfile.ZipFile(krita.ground.pictures / "meadow.kra").read("maindoc.xml").decode()
    assert re.search(
        r'nodetype="transparencymask"[^>]*name="GoT mask"|name="GoT mask"[^>]*nodetype="transparencymask"', saved
    )


def test_a_selection_color_spaces_and_depths(krita: Krita):
    notes = krita.run("documents")
    inside, outside, width = notes["selection"]
    assert inside > 20 and outside == 0 and width == 40, notes["selection_said"]
    for name, model, depth in (("U16", "RGBA", "U16"), ("F32", "RGBA", "F32"), ("grey", "GRAYA", "U8")):
        facts = notes[name]
        assert facts["space"] == [model, depth] and facts["nodes_kept"], name
        assert facts["changed"] > 20 and facts["outside"] == 0, (name, facts)
        assert "8-bit sRGB" in facts["said"]
    assert notes["CMYK"]["space"] == ["CMYKA", "U8"] and notes["CMYK"]["nodes_kept"]
    assert notes["CMYK"]["changed"] > 20 and notes["CMYK"]["outside"] == 0


def test_several_results_and_documents_that_change_or_go(krita: Krita):
    notes = krita.run("results")
    assert notes["candidates"] == [2, 1] and notes["candidate_taken"] == [2, "seed 43"]
    assert "was closed" in notes["closed_said"] and notes["closed_offers"] == 1 and notes["other_untouched"]
    assert notes["alone"] == ["GoT: turn the orange fish purple", 128, 128]
    assert "100×100" in notes["resized_said"] and notes["resized"] == [1, 1]
    assert notes["above"] == ["GoT: turn the orange fish purple", "on top"]
    assert "cut off at its edge" in notes["beyond"][0] and notes["beyond"][1] == 1000
    assert notes["edge_numbers"] == [300, 90, 700, 300] and "(300,90),(1000,390)" in notes["edge_text"]
    assert "has no area in the picture" in notes["lost_problem"]
    assert "No edit box in the plan can be used" in notes["lost_problem"]
    assert not notes["lost"] and notes["lost_everywhere"]
    assert "No edit region is marked" in notes["whole_problem"]


def test_cancelling_a_killed_engine_and_a_window_that_goes_on(krita: Krita):
    krita.draw_by("auto")  # the canvas that users have, with the boxes over it
    notes = krita.run("engine")
    assert "when it is needed" in notes["before"]
    assert notes["shortcuts"] == ["Ctrl+Alt+P", "Ctrl+Alt+Return", "Ctrl+Alt+Backspace"] and notes["planning"]
    assert "is running" in notes["engine"] and "got-mini" in notes["models"]
    assert notes["started"][0] == "The engine is running." and notes["started"][2]
    assert notes["cancelled"] == ["Cancelled.", True]
    gap, edit = notes["longest_gap"]  # a call that waits for the engine in Krita's thread would block it all the time
    assert notes["applied"] == 2 and gap < edit / 2
    assert notes["killed"][1] == 3, notes["killed"][0]
    assert notes["overlay"]


def test_on_a_german_system_it_speaks_german(krita: Krita):
    marker = krita.ground.folder / "home/.local/share/krita/pykrita/got_krita/got_desktop.json"
    marker.write_text(json.dumps(json.loads(marker.read_text()) | {"engine_command": None}))
    notes = krita.run("no_engine", LANG="de_DE.UTF-8")
    assert notes["empty"] == "Die Anweisung ist leer. Beschreiben Sie, was sich ändern soll."
    assert "Installieren Sie got_desktop" in notes["said"]


def test_the_zip_is_imported_by_krita_itself_and_says_what_else_to_install(krita: Krita):
    """The last part of importing is the restart, after which the plug-in has no got_desktop that it could start."""
    path = krita.ground.folder / "got_krita.zip"
    write_zip(KRITA, path)
    notes = krita.run("importer", GOT_ZIP=str(path))
    assert "GoT: edit with instruction" in notes["said"], notes["said"]
    assert notes["imported"] == [True] * 3 and notes["enabled"] == "true"
    says_what_to_install(krita.run("no_engine"))


def test_without_the_product_the_user_is_told_what_to_install(krita: Krita):
    marker = krita.ground.folder / "home/.local/share/krita/pykrita/got_krita/got_desktop.json"
    marker.write_text(json.dumps(json.loads(marker.read_text()) | {"engine_command": ["/nowhere/python"]}))
    says_what_to_install(krita.run("no_engine"))


def says_what_to_install(notes: dict) -> None:
    assert "empty" in notes["empty"]
    assert "Install got_desktop" in notes["said"] and "got plugin install" in notes["said"] and notes["nodes"] == 1
