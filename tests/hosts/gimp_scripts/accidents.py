"""What happens to the dialogs of one GIMP while they work: no product, a crash of the engine, an image that goes."""

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
    """The image goes while it is edited; another one is open. The test presses the shortcut of the dialog."""
    other, image = load("sea.png"), load("sea.png")
    display = Gimp.Display.new(image)
    before, known = pixels(other), {one.get_id() for one in Gimp.get_images()}
    prepare("closed", display=display.get_id())
    (PICTURES / "shown").touch()
    wait_until(lambda: [one for one in Gimp.get_images() if one.get_id() not in known])
    wait_until(lambda: not image.is_valid())
    fresh = [one for one in Gimp.get_images() if one.get_id() not in known]
    facts = {"other": pixels(other) == before, "other_layers": len(other.get_layers())}
    note("closed", facts | {"fresh": [[*layers(one)[0], one.get_width(), one.get_height()] for one in fresh]})
    for one in fresh:
        one.clean_all()
    other.delete()


def scripted():
    """The view in front is closed while a script has another image edited."""
    image, shown = load("sea.png"), [load("meadow.png") for _ in range(2)]
    displays = [Gimp.Display.new(one) for one in shown]
    with meddled(closed=displays[1].get_id()):
        values = call("got-edit", image, instruction="turn the orange fish purple", chain=PLAN, steps=2)
    note("scripted", [values, layers(image), shown[1].is_valid()])
    displays[0].delete()
    image.delete()


def generated():
    values, notes = answered("generate", None)
    made = values[1]
    note("generate", notes | {"values": [values[0], values[2]], "size": [made.get_width(), made.get_height()]})
    made.clean_all()


finish(body)
