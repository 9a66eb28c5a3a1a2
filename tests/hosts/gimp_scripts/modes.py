from answers import PLAN, meddled
from gi.repository import Gimp
from steps import call, changed, content, fill, finish, layers, load, note, pixels


def cropped(words):
    """The image is cropped while its edit runs."""
    image = load("sea.png")
    ids_before = {one.get_id() for one in Gimp.get_images()}
    with meddled(cropped=image.get_id()):
        note("cropped", call("got-edit", image, instruction=words, chain=PLAN, steps=2))
    note("cropped_layers", layers(image))
    note("fresh", [[one.get_id(), *layers(one)[0]] for one in Gimp.get_images() if one.get_id() not in ids_before])


def boxes(words):
    """A box that extends beyond the picture is cut off at its edge; a box without an area is an error."""
    chain = "A fish <|box_start|>(300,90),({corner})<|box_end|> (red) becomes purple.<|im_gen_start|>"
    image = load("sea.png")
    note("lost", call("got-edit", image, instruction=words, chain=chain.format(corner="300,390"), steps=2))
    note("lost_layers", layers(image))
    for corner in ("1000,390", "1003,390"):
        note(corner, call("got-edit", image, instruction=words, chain=chain.format(corner=corner), steps=2)[:1])
        mask = image.get_layers()[0].get_mask()
        rows = content(mask)
        note(corner + " mask", [rows[30 * 128 + 127], rows[30 * 128 + 10]])


def refused(words):
    """Arguments that no picture can be drawn with are errors."""
    image, numbers = load("sea.png"), {"steps": (-3, 0), "candidates": (9,), "seed": (-1,)}
    numbers |= {"feather": (float("nan"),), "grow": (float("-inf"),), "semantic": (-7.0,)}
    for name, values in {"scope": ("everything",), **numbers}.items():
        for value in values:
            note(f"{name}={value}", call("got-edit", image, instruction=words, chain=PLAN, **{name: value}))
    note("height=0", call("got-generate", None, instruction="a red house", height=0)[:2])
    note("refused_layers", len(layers(image)))
    Gimp.Image.select_rectangle(image, Gimp.ChannelOps.REPLACE, 0, 0, 8, 8)
    far = "A fish <|box_start|>(900,900),(990,990)<|box_end|> (red) becomes purple.<|im_gen_start|>"
    note("unseen", call("got-edit", image, instruction=words, chain=far, steps=2, feather=0.0, grow=0.0)[:1])


def transparent(words):
    """Left, the box covers empty pixels with hidden colors; in the middle half-transparent ones; right opaque ones."""
    image = load("sea.png")
    layer = image.get_layers()[0]
    layer.add_alpha()
    data = bytearray(content(layer, "R'G'B'A u8"))
    for at in range(128 * 128):
        data[4 * at + 3] = 0 if at % 128 < 50 else 128 if at % 128 < 65 else 255
    fill(layer, "R'G'B'A u8", data)
    before = pixels(image)
    note("transparent", call("got-edit", image, instruction=words, chain=PLAN, feather=0.0)[:1])
    after, mask = pixels(image), content(image.get_layers()[0].get_mask())
    note("alpha_changed", [at for at in range(128 * 128) if before[4 * at + 3] != after[4 * at + 3]][:5])
    half = [at for at in changed(before, after) if before[4 * at + 3] == 128]
    note("half_changed", [len(half), len([at for at in half if mask[at] == 0])])
    edit = content(image.get_layers()[0], "R'G'B'A u8")
    covered = [at for at in half if mask[at] == 255]
    far = max(abs(after[4 * at + c] - edit[4 * at + c]) for at in covered for c in range(3))
    note("half_shows_the_edit", [len(covered), far])
    note("hidden", max(edit[4 * at + 3] for at in range(128 * 128) if before[4 * at + 3] == 0))


def body():
    words = "turn the orange fish purple"
    image = load("sea.png")
    note("empty", call("got-edit", image, instruction=" "))
    note("model", call("got-edit", image, instruction=words, model="nothing"))
    grey = load("sea.png")
    grey.convert_grayscale()
    note("grey", call("got-edit", grey, instruction=words)[:1])
    note("grey_layers", layers(grey))
    deep = load("sea.png")
    deep.convert_precision(Gimp.Precision.FLOAT_LINEAR)
    before = pixels(deep, "RGBA float")
    note("deep", call("got-edit", deep, instruction=words)[:1])
    mask = content(deep.get_layers()[0].get_mask())
    visible = {at for at, value in enumerate(mask) if value}
    different = changed(before, pixels(deep, "RGBA float"), 16)
    note("deep_changed", [len(different), len(set(different) - visible), deep.get_precision().value_nick])
    indexed = load("sea.png")
    indexed.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 16, False, False, "")
    note("indexed", call("got-edit", indexed, instruction=words))
    note("indexed_layers", layers(indexed))
    cropped(words)
    boxes(words)
    transparent(words)
    refused(words)
    result = call("got-generate", None, instruction="a red house left of a green tree")
    note("generate", [result[0], result[1].get_width() if result[0] == "success" else result[1], result[2][:10]])


finish(body)
