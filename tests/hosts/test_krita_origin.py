"""A plan belongs to its words and to its document, in a real Krita; and the docker is seen at its first start."""

from tests.hosts.krita import Krita

PURPLE, GREEN = "turn the orange fish purple", "turn the orange fish green"


def test_a_plan_belongs_to_its_words_and_to_its_document(krita: Krita):
    notes = krita.run("origin")
    assert notes["first_start"] == [True] * 4
    words_change(notes)
    assert notes["by_hand"] == [False, ["apply"]]
    assert notes["by_hand_drawn"] == [f"GoT: {PURPLE}", PURPLE]
    documents_change(notes)
    assert "because the group “sketches” is hidden" in notes["hidden"][0]
    assert notes["hidden"][1] == ["inside", f"GoT: {PURPLE}"]
    assert "perhaps another layer covers the new one" in notes["covered"][0]
    assert notes["covered"][1][1:] == [f"GoT: {PURPLE}", "sketches", "cover"]


def words_change(notes: dict) -> None:
    assert notes["origin"] == ["edit", PURPLE, "got-mini", "", 64]
    assert [notes[f"bold_{when}"] for when in ("first", "planned", "changed")] == [["plan"], ["apply"], ["plan"]]
    assert notes["about"] == f"Plan for “{PURPLE}” in “sea.png”"
    assert notes["question"] == f"Draw the plan for “{PURPLE}”, or plan again?"
    assert notes["answers"] == ["Draw this plan", "Plan again", "Cancel"]
    assert notes["cancelled"] == [True, 1]
    assert notes["drawn"] == [f"GoT: {PURPLE}", f"GoT: {PURPLE}"]
    assert notes["planned_again"] == [GREEN, 2, ["apply"]]
    assert notes["drawn_again"] == f"GoT: {GREEN}"


def documents_change(notes: dict) -> None:
    about = f"Plan for “{PURPLE}” in “sea.png”"
    assert notes["here"] == [about, False] and notes["elsewhere"] == [about, ["plan"]]
    assert notes["where"][0] == "The plan is for “sea.png”, but “meadow.png” is in front."
    assert notes["where"][1] == ["Apply to “sea.png”", "Plan for “meadow.png”", "Cancel"]
    assert notes["applied_to_the_first"] == [True, 2, 1]
    assert notes["planned_for_the_second"] == [f"Plan for “{PURPLE}” in “meadow.png”", False]
    said, in_sea, in_meadow = notes["said_where"]
    assert said.endswith("to “meadow.png”.") and (in_sea, in_meadow) == (2, 2)
