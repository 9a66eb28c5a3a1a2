"""Boxes on Krita's own canvas, with a real mouse: their lines and handles are theirs, inside them the brush paints."""

from hands import click, in_front, pull, turn_wheel, undo_steps, window
from PyQt5.QtCore import QRectF
from PyQt5.QtWidgets import QWidget
from steps import KRITA, docker, free, opened, pixels, screen_shot, show_docker

CHAIN = (
    "a leaf <|box_start|>(100,100),(400,400)<|box_end|> (red) and a stone <|box_start|>(500,500),(900,900)<|box_end|>"
    " (green) change.<|im_gen_start|>"
)


def steps(note):
    document = yield from opened("meadow.png")
    window().setGeometry(0, 0, 1500, 950)
    show_docker()
    docker().instruction.setPlainText("replace the pink leaf")
    docker().plan.click()
    yield free
    docker().chain.setPlainText(CHAIN)
    yield lambda: overlay() is not None
    yield from in_front()
    before = pixels(document)

    left, top, wide, high = place(1)
    yield from click(overlay(), (left + wide / 2, top))
    note("chosen", docker().editing.selected)
    yield from pull(overlay(), (left + wide, top + high), (left + wide - 40, top + high - 60))
    note("resized", boxes())
    left, top, wide, high = place(1)
    yield from pull(overlay(), (left, top + high / 4), (left - 30, top + high / 4))
    note("moved", boxes())
    screen_shot("krita-canvas-boxes.png")
    note("untouched", [pixels(document) == before, undo_steps()[1]])

    moved = boxes()
    left, top, wide, high = place(1)
    yield from pull(overlay(), (left + wide / 3, top + high / 3), (left + wide / 2, top + high / 2))
    yield lambda: undo_steps()[1] == 1
    note("painted", [undo_steps()[0][-1], pixels(document) != before, boxes() == moved])
    zoom = KRITA.activeWindow().activeView().canvas().zoomLevel()
    turn_wheel(overlay(), (left + wide / 2, top))  # on a line
    yield lambda: KRITA.activeWindow().activeView().canvas().zoomLevel() != zoom
    note("zoomed", KRITA.activeWindow().activeView().canvas().zoomLevel() > zoom)
    document.setModified(False)


def overlay():
    return window().findChild(QWidget, "got_overlay")


def place(number):
    """left, top, width and height of a box on the canvas."""
    frame = docker().overlay._frame()
    return QRectF(*frame.to_screen(docker().editing.chain.boxes[number].box)).getRect()


def boxes():
    return [[one.box.x1, one.box.y1, one.box.x2, one.box.y2] for one in docker().editing.chain.boxes]
