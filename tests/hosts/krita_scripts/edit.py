"""Plan, change a box, apply, undo, redo, save, as a user would."""

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QDockWidget
from steps import (
    KRITA,
    PICTURES,
    changed,
    docker,
    drag,
    free,
    mask_of,
    opened,
    pixels,
    screen_shot,
    show_docker,
    tree,
)


def steps(note):
    document = yield from opened("meadow.png")
    KRITA.activeWindow().qwindow().setGeometry(100, 60, 1240, 860)
    show_docker()
    fields = docker().more.fields.values()
    note("fields", {one.accessibleName(): one.property("currentText") or one.property("text") for one in fields})
    before, nodes = pixels(document), tree(document)
    note("nodes", nodes)
    docker().instruction.setPlainText("replace the pink leaf with an umbrella")
    docker().plan.click()
    note("busy", not free())
    yield free
    note("said", docker().message.text())
    editing = docker().editing
    note("chain", editing.chain.text)
    note("untouched_by_plan", pixels(document) == before and tree(document) == nodes)
    region = next(one for one in editing.chain.boxes if one.is_mask)
    note("box", [region.box.x1, region.box.y1, region.box.x2, region.box.y2])
    preview = docker().preview
    editing.select(region.id)
    yield 0.5  # Krita paints
    screen_shot("krita-plan.png")
    left, top, wide, high = preview.frame().to_screen(region.box)
    drag(preview, (left + wide, top + high), (left + wide + 12, top + high + 9))
    box = editing.chain.boxes[region.id].box
    note("dragged", [box.x1, box.y1, box.x2, box.y2])
    note("text_follows", docker().chain.toPlainText() == editing.chain.text)
    docker().apply.click()
    yield free
    yield lambda: "Add Layer" in KRITA.action("edit_undo").text().replace("&", "")
    note("said_after", docker().message.text())
    after = pixels(document)
    visible = set(mask_of(document))
    different = changed(before, after, 4)
    note("tree", tree(document))
    note("changed", len(different))
    note("changed_outside_the_mask", len(set(different) - visible))
    note("mask_share", len(visible) / (document.width() * document.height()))
    show_layers()
    yield 0.5  # Krita paints
    screen_shot("krita-apply.png")
    KRITA.action("edit_undo").trigger()
    yield lambda: tree(document) == nodes
    note("undone", pixels(document) == before and tree(document) == nodes)
    KRITA.action("edit_redo").trigger()
    yield lambda: pixels(document) == after
    note("redone", pixels(document) == after)
    note("saved", document.saveAs(str(PICTURES / "meadow.kra")))


def show_layers():
    """Shows Krita's layer docker below ours."""
    main = KRITA.activeWindow().qwindow()
    layers = main.findChild(QDockWidget, "KisLayerBox")
    layers.show()
    main.splitDockWidget(docker(), layers, Qt.Vertical)
    main.resizeDocks([docker(), layers], [600, 200], Qt.Vertical)
