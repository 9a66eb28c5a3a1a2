import re

from gi.repository import Gimp, GObject
from steps import call, changed, content, finish, layers, load, note, pixels, save

SIMPLE = (GObject.TYPE_INT, GObject.TYPE_DOUBLE, GObject.TYPE_STRING)


def arguments(name):
    """Names of the arguments -> their defaults."""
    specs = Gimp.get_pdb().lookup_procedure(name).get_arguments()
    return {spec.get_name(): spec.get_default_value() for spec in specs if spec.value_type in SIMPLE}


def body():
    note("arguments", {name: arguments(name) for name in ("got-edit", "got-generate")})
    image = load("sea.png")
    before, nodes = pixels(image), layers(image)
    note("nodes", nodes)
    words = "turn the orange fish purple"
    status, chain = call("got-plan", image, instruction=words)
    note("plan", [status, chain])
    note("untouched_by_plan", pixels(image) == before and layers(image) == nodes)
    edited = re.sub(r"\((\d+),(\d+)\),\((\d+),(\d+)\)(<\|box_end\|> \()", r"(\1,\2),(\3,900)\5", chain)
    note("moved", edited)
    status, chain_drawn = call("got-edit", image, instruction=words, chain=edited)
    note("edit", [status, chain_drawn])
    note("layers", layers(image))
    after = pixels(image)
    layer = image.get_layers()[0]
    mask = content(layer.get_mask())
    visible = {at for at, value in enumerate(mask) if value}
    different = changed(before, after)
    note("changed", len(different))
    note("changed_outside_the_mask", len(set(different) - visible))
    note("mask_share", len(visible) / len(mask))
    note("saved", save(image, "sea.xcf"))
    again = load("sea.xcf")
    note("loaded", layers(again))
    note("loaded_same", pixels(again) == after)

    call("got-edit", again, instruction=words, chain=edited, feather=0.0, grow=0.0)
    note("hard", [sorted(set(content(again.get_layers()[0].get_mask()))), len(set(mask))])

    values = call("got-edit", again, instruction=words, chain=edited, candidates=2, steps=2)
    note("candidates", [values[0], [[layer.get_name(), layer.get_visible()] for layer in again.get_layers()[:2]]])

    Gimp.Image.select_rectangle(image, Gimp.ChannelOps.REPLACE, 40, 30, 50, 60)
    before = pixels(image)
    note("selected", call("got-edit", image, instruction=words)[:2])
    different = changed(before, pixels(image))
    note("selected_changed", len(different))
    note("selected_outside", [p for p in different if not (40 <= p % 128 < 90 and 30 <= p // 128 < 90)][:5])
    Gimp.Selection.none(image)


finish(body)
