"""The edit dialog with real keys and a real mouse, and GIMP's own undo and redo."""

from answers import answered
from gi.repository import Gimp
from steps import content, finish, layers, load, note, pixels, pressed, wait_until


def body():
    image = load("sea.png")
    display = Gimp.Display.new(image)
    image.get_layers()[0].invert(False)  # a step of the user
    image.get_layers()[0].invert(False)
    image.clean_all()
    before = pixels(image)
    values, notes = answered("by_hand", image)
    note("by_hand", notes | {"values": values[:1], "layers": layers(image), "dirty": image.is_dirty()})
    after, mask = pixels(image), content(image.get_layers()[0].get_mask())
    note("changed", after != before)
    history(image, before, after, mask)
    image.clean_all()
    display.delete()


def history(image, before, after, mask):
    """One Ctrl+Z undoes all of the edit and no more: the image is as clean as before. The next one is the user's."""
    pressed("GIMP$", "ctrl+z")
    wait_until(lambda: len(image.get_layers()) == 1)
    note("undone", [pixels(image) == before, image.is_dirty()])
    pressed("GIMP$", "ctrl+z")
    wait_until(lambda: pixels(image) != before)
    note("users_step_undone", len(image.get_layers()))
    pressed("GIMP$", "ctrl+y")
    wait_until(lambda: pixels(image) == before)
    pressed("GIMP$", "ctrl+y")
    wait_until(lambda: len(image.get_layers()) == 2)
    top = image.get_layers()[0]
    note("redone", [pixels(image) == after, top.get_mask() is not None and content(top.get_mask()) == mask])


finish(body)
