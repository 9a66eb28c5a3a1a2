"""How much of a picture an edit changed: in the boxes, in their soft border, and beyond it."""

from PIL import Image

from got_desktop.model.raster import difference


def test_box_border_and_spill_are_counted_apart():
    before = Image.new("RGB", (100, 100))
    after = before.copy()
    after.paste((9, 0, 0), (20, 20, 40, 40))  # the box, 400 pixels
    after.paste((9, 0, 0), (40, 20, 45, 40))  # in its border, 100 pixels
    after.paste((9, 0, 0), (0, 0, 5, 10))  # beyond it, 50 pixels
    change = difference(before, after, [(20, 20, 40, 40)], [10])
    assert (change.changed, change.border, change.spill) == (5.5, 1.0, 0.5)


def test_the_border_of_one_box_is_not_counted_where_it_lies_in_another():
    before = Image.new("RGB", (100, 100))
    after = before.copy()
    after.paste((9, 0, 0), (40, 20, 45, 40))
    change = difference(before, after, [(20, 20, 40, 40), (40, 20, 60, 40)], [10, 10])
    assert (change.changed, change.border, change.spill) == (1.0, 0.0, 0.0)
