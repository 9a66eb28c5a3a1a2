"""A selection, color spaces and depths."""

from steps import KRITA, changed, close, docker, free, mask_of, opened, pixels, tree

WORDS = "turn the orange fish purple"
SPACES = (
    ("U16", "RGBA", "U16", "sRGB-elle-V2-srgbtrc.icc", 8),
    ("F32", "RGBA", "F32", "scRGB (linear).icc", 16),
    ("grey", "GRAYA", "U8", "Gray-D50-elle-V2-srgbtrc.icc", 2),
    ("CMYK", "CMYKA", "U8", "Chemical proof", 5),
)


def steps(note):
    docker().instruction.setPlainText(WORDS)
    yield from selection(note)
    for name, model, depth, profile, size in SPACES:
        yield from color_space(note, name, model, depth, profile, size)


def selection(note):
    from krita import Selection

    document = yield from opened("sea.png")
    area = Selection()
    area.select(40, 12, 40, 36, 255)
    document.setSelection(area)
    before = pixels(document)
    docker().apply.click()
    yield free
    note("selection_said", docker().message.text())
    different = changed(before, pixels(document), 4)
    outside = [at for at in different if not (40 <= at % 128 < 80 and 12 <= at // 128 < 48)]
    note("selection", [len(different), len(outside), document.selection().width()])
    yield from close(document)


def color_space(note, name, model, depth, profile, size):
    document = yield from opened("sea.png")
    profiles = KRITA.profiles(model, depth)
    document.setColorSpace(model, depth, profile if profile in profiles else profiles[0])
    document.waitForDone()
    before, nodes = pixels(document), tree(document)
    docker().editing.set_chain(docker().editing.chain.parse(""))
    docker().apply.click()
    yield free
    visible, different = set(mask_of(document)), changed(before, pixels(document), size)
    facts = {
        "said": docker().message.text(),
        "space": [document.colorModel(), document.colorDepth()],
        "nodes_kept": tree(document)[:-1] == nodes,
        "changed": len(different),
        "outside": len(set(different) - visible),
    }
    note(name, facts)
    yield from close(document)
