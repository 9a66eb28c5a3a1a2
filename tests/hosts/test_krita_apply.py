"""What Apply does to a document in a real Krita: one undo step, and transparency that survives."""

from tests.hosts.krita import Krita


def test_an_edit_is_one_undo_step_and_keeps_the_pictures_transparency(krita: Krita):
    notes = krita.run("apply")
    assert notes["history"] == [["<empty>", "Add Layer", "Add Layer"], 2]
    assert notes["differ"] == 3 and notes["own_ids"] == 6
    assert notes["places"] == [True] * 5
    assert notes["alpha_kept"]
    empty, half, full = notes["changed"]
    assert empty == 0 and half > 1000 and full > 1000
    assert notes["group_path"].startswith("GoT")
    empty, half, full = notes["group_changed"]
    assert empty == 0 and half > 1000 and full > 1000
    empty, half, full = notes["group_alpha"]
    assert empty == [0, 0] and half[0] >= 128 and full == [255, 255]
