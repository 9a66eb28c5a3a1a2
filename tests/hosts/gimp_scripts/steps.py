"""Shared functions of the batch scripts; GIMP's own Python runs them."""

import json
import os
import time
import traceback
from pathlib import Path

from gi.repository import Gegl, Gimp, Gio, GLib

PICTURES = Path(os.environ["GOT_PICTURES"])
NOTES = {}


def note(name, value):
    NOTES[name] = value


def load(name):
    return Gimp.file_load(Gimp.RunMode.NONINTERACTIVE, Gio.File.new_for_path(str(PICTURES / name)))


def save(image, name):
    file = Gio.File.new_for_path(str(PICTURES / name))
    return Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, file, None)


def pixels(image, form="R'G'B'A u8"):
    """All visible pixels."""
    width, height = image.get_width(), image.get_height()
    layer = Gimp.Layer.new_from_visible(image, image, "seen")
    data = bytes(layer.get_buffer().get(Gegl.Rectangle.new(0, 0, width, height), 1.0, form, Gegl.AbyssPolicy.NONE))
    layer.delete()
    return data


def content(drawable, form="Y u8"):
    width, height = drawable.get_width(), drawable.get_height()
    return bytes(drawable.get_buffer().get(Gegl.Rectangle.new(0, 0, width, height), 1.0, form, Gegl.AbyssPolicy.NONE))


def fill(drawable, form, data):
    """Sets all pixels of a drawable."""
    area = Gegl.Rectangle.new(0, 0, drawable.get_width(), drawable.get_height())
    buffer = drawable.get_buffer()
    buffer.set(area, form, GLib.Bytes.new(bytes(data)).get_data())
    buffer.flush()
    drawable.update(area.x, area.y, area.width, area.height)


def layers(image):
    return [[layer.get_name(), layer.get_mask() is not None] for layer in image.get_layers()]


def call(name, image, **arguments):
    """[status, return values or error message]"""
    procedure = Gimp.get_pdb().lookup_procedure(name)
    config = procedure.create_config()
    config.set_property("run-mode", arguments.pop("mode", Gimp.RunMode.NONINTERACTIVE))
    if image is not None:
        config.set_property("image", image)
        config.set_core_object_array("drawables", image.get_layers()[:1])
    for key, value in arguments.items():
        config.set_property(key, value)
    values = procedure.run(config)
    return [values.index(0).value_nick, *(values.index(at) for at in range(1, values.length()))]


def wait_until(condition, limit=400):
    """Runs GIMP's main loop until a condition is true."""
    loop, since = GLib.MainLoop(), time.monotonic()
    GLib.timeout_add(100, lambda: not (condition() or time.monotonic() - since > limit) or loop.quit())
    loop.run()
    assert condition()


def pressed(window, *keys):
    """Waits until the test has pressed keys in a window."""
    wish = PICTURES / "press.json"
    (PICTURES / "press.tmp").write_text(json.dumps({"window": window, "do": [["key", *keys]]}))
    os.replace(PICTURES / "press.tmp", wish)
    wait_until(lambda: not wish.exists(), 60)


def changed(before, after, size=4):
    return [at // size for at in range(0, len(before), size) if before[at : at + size] != after[at : at + size]]


def finish(body):
    """Runs a script's body and writes its notes, or the error that ended it."""
    try:
        body()
    except Exception:
        NOTES["error"] = traceback.format_exc()
    path = os.environ["GOT_NOTES"]
    with open(path + ".tmp", "w") as file:
        json.dump(NOTES, file, default=str)
    os.replace(path + ".tmp", path)
