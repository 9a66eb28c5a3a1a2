"""Dialogs of one GIMP during accidents: no product, an engine crash, an image that is closed."""

import engine_process
from answers import PLAN, answered, meddled, prepare
from gi.repository import Gimp
from steps import PICTURES, call, finish, layers, load, note, pixels, wait_until


def body():
    missing()
    killed()
    closed()
    scripted()
    generated()


def missing():
    image = load("sea.png")
    with engine_process.no_product():
        values, notes = answered("missing", image)
    note("missing", notes | {"values": values[:1], "layers": len(layers(image))})
    image.delete()


def killed():
    image = load("sea.png")
    values, notes = answered("killed", image)
    now = engine_process.running().runtime.pid
    note("killed", notes | {"values": values[:1], "layers": layers(image), "now": now})
    image.delete()


def closed():
    """The image is closed during its edit while another one is open. The test presses the dialog's shortcut."""
    other, image = load("sea.png"), load("sea.png")
    display = Gimp.Display.new(image)
    before, ids_before = pixels(other), {one.get_id() for one in Gimp.get_images()}
    prepare("closed", display=display.get_id())
    (PICTURES / "shown").touch()
    wait_until(lambda: [one for one in Gimp.get_images() if one.get_id() not in ids_before])
    wait_until(lambda: not image.is_valid())
    new_images = [one for one in Gimp.get_images() if one.get_id() not in ids_before]
    facts = {"other": pixels(other) == before, "other_layers": len(other.get_layers())}
    note("closed", facts | {"fresh": [[*layers(one)[0], one.get_width(), one.get_height()] for one in new_images]})
    for one in new_images:
        one.clean_all()
    other.delete()


def scripted():
    """The front view is closed while a script edits another image."""
    image, others = load("sea.png"), [load("meadow.png") for _ in range(2)]
    displays = [Gimp.Display.new(one) for one in others]
    with meddled(closed=displays[1].get_id()):
        values = call("got-edit", image, instruction="turn the orange fish purple", chain=PLAN, steps=2)
    note("scripted", [values, layers(image), others[1].is_valid()])
    displays[0].delete()
    image.delete()


def generated():
    values, notes = answered("generate", None)
    image = values[1]
    note("generate", notes | {"values": [values[0], values[2]], "size": [image.get_width(), image.get_height()]})
    image.clean_all()


finish(body)
