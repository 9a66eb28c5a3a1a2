"""The edit dialog in everyday use, in one GIMP."""

import engine_process
from answers import answered
from gi.repository import Gimp
from steps import PICTURES, changed, content, finish, layers, load, note, pixels, wait_until


def body():
    image = load("meadow.png")
    display = Gimp.Display.new(image)
    applied(image)
    for how in ("cancel", "leave", "stop"):
        before = pixels(image)
        values, notes = answered(how, image)
        jobs = [job.state for job in engine_process.running().jobs()]
        notes |= {"values": values[:2], "layers": len(layers(image)), "same": pixels(image) == before, "jobs": jobs}
        note(how, notes)
    image.clean_all()
    display.delete()


def applied(image):
    before = pixels(image)
    values, notes = answered("ok", image)
    visible = {at for at, value in enumerate(content(image.get_layers()[0].get_mask())) if value}
    different = changed(before, pixels(image))
    notes |= {"values": values[:2], "layers": layers(image), "changed": len(different)}
    notes |= {"outside": len(set(different) - visible)}
    Gimp.displays_flush()
    (PICTURES / "applied").touch()  # now the test presses Ctrl+Z
    wait_until(lambda: len(image.get_layers()) == 1)
    (PICTURES / "applied").unlink()
    note("ok", notes | {"same": pixels(image) == before})


finish(body)
