"""The edit dialog with real keys and a real mouse, and GIMP's own undo and redo."""

from answers import PLAN, answered, prepare
from gi.repository import Gimp, Gio
from steps import PICTURES, call, content, finish, layers, load, note, pixels, pressed, wait_until


def body():
    image = load("sea.png")
    image.set_file(Gio.File.new_for_path(str(PICTURES / "sea.xcf")))  # names the image, also in GIMP's title
    display = Gimp.Display.new(image)
    image.get_layers()[0].invert(False)  # a step of the user
    image.get_layers()[0].invert(False)
    image.clean_all()
    before = pixels(image)
    values, notes = answered("by_hand", image, chain=PLAN)  # nobody knows what it answers
    note("by_hand", notes | {"values": values[:1], "layers": layers(image), "dirty": image.is_dirty()})
    after, mask = pixels(image), content(image.get_layers()[0].get_mask())
    note("changed", after != before)
    history(image, before, after, mask)
    repeated(image)
    image.clean_all()
    display.delete()


def history(image, before, after, mask):
    """One Ctrl+Z undoes all of the edit and no more: the image is as clean as before. The next one is the user's."""
    pressed("sea.*GIMP$", "ctrl+z")  # the edited image is in front
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


def repeated(image):
    """Filters ▸ Repeat draws what its instruction says, never the plan of an earlier one."""
    prepare("nothing")
    values = call("got-edit", image, mode=Gimp.RunMode.WITH_LAST_VALS)
    note("repeated", [values[0], "car" in values[1] and values[1] != PLAN, layers(image)[0][0]])


finish(body)
