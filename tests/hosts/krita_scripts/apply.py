"""One undo step for each layer, and the picture's transparency under an edit."""

from hands import in_front, press, undo_steps, window
from steps import close, docker, free, opened, pixels, show_docker, tree

CHAIN = "The picture <|box_start|>(100,100),(900,900)<|box_end|> (red) becomes blue.<|im_gen_start|>"


def steps(note):
    window().setGeometry(0, 0, 1500, 950)
    yield from one_step(note)
    yield from transparency(note)
    yield from in_a_group(note)


def one_step(note):
    """Undoes and redoes two edits with the painter's own keys."""
    document = yield from opened("sea.png")
    show_docker()
    yield from in_front()
    seen = [(pixels(document), tree(document))]
    for _ in range(2):
        docker().instruction.setPlainText("turn the orange fish purple")
        docker().apply.click()
        yield free
        yield lambda: undo_steps()[1] == len(seen)
        seen.append((pixels(document), tree(document)))
    note("history", undo_steps())
    note("differ", len({picture for picture, _ in seen}))
    note("own_ids", len({node.uniqueId().toString() for node in everything(document.rootNode())}))
    document.setActiveNode(document.topLevelNodes()[0])
    places = []
    for key, at in (("z", 1), ("z", 0), ("shift+z", 1), ("shift+z", 2), ("z", 1)):
        yield from press(f"ctrl+{key}")
        yield lambda at=at: undo_steps()[1] == at and tree(document) == seen[at][1]
        places.append(pixels(document) == seen[at][0])
    note("places", places)
    yield from close(document)


def everything(node):
    return [node] + [one for child in node.childNodes() for one in everything(child)]


def transparency(note):
    document = yield from see_through("glass.png")
    before = pixels(document)
    yield from draw(document)
    after = pixels(document)
    note("alpha_kept", alpha(after) == alpha(before))
    note("changed", changed_at(before, after))
    yield from close(document)


def in_a_group(note):
    """There the layer cannot take its alpha from what lies below."""
    document = yield from see_through("group.png")
    before = pixels(document)
    group = document.createNode("group", "grouplayer")
    inside = document.createNode("inside", "paintlayer")
    document.rootNode().addChildNode(group, None)
    group.addChildNode(inside, None)
    document.setActiveNode(inside)
    yield lambda: document.activeNode().name() == "inside"
    yield from draw(document)
    after = pixels(document)
    note("group_path", tree(document)[-1][2][-1][0])
    note("group_changed", changed_at(before, after))
    note("group_alpha", [[min(part), max(part)] for part in parts(alpha(after))])
    yield from close(document)


def see_through(name):
    """A picture of three parts: empty with a hidden color, half-transparent, opaque."""
    from PyQt5.QtGui import QColor, QImage
    from steps import PICTURES

    image = QImage(120, 120, QImage.Format_ARGB32)
    for x in range(120):
        for y in range(120):
            image.setPixelColor(x, y, QColor(200, 120 + y, 40, (0, 128, 255)[x // 40]))
    image.save(str(PICTURES / name))
    document = yield from opened(name)
    return document


def draw(document):
    docker().editing.set_chain(docker().editing.chain.parse(""))
    docker().plan.click()
    yield free
    docker().chain.setPlainText(CHAIN)
    docker().apply.click()
    yield free
    yield lambda: len(everything(document.rootNode())) > 3


def alpha(data):
    return data[3::4]


def parts(values):
    """The values of the three parts of the picture."""
    return [[value for at, value in enumerate(values) if at % 120 // 40 == part] for part in range(3)]


def changed_at(before, after):
    """How many pixels look different in each of the three parts; what is empty has no look."""
    pairs = [(before[at : at + 4], after[at : at + 4]) for at in range(0, len(before), 4)]
    return [sum(old != new and old[3] + new[3] > 0 for old, new in part) for part in parts(pairs)]
