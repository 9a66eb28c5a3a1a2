"""Real keys in each widget of the docker: the widget does what it should, and the painter's picture stays as it is."""

from hands import click, in_front, popup, press, pull, undo_steps, window
from PyQt5.QtGui import QTextCursor
from PyQt5.QtWidgets import QScrollArea
from steps import KRITA, docker, free, opened, pixels, show_docker

CHAIN = (
    "a leaf <|box_start|>(100,100),(400,400)<|box_end|> (red) and a stone <|box_start|>(500,500),(900,900)<|box_end|>"
    " (green) change.<|im_gen_start|>"
)


def steps(note):
    document = yield from opened("meadow.png")
    window().setGeometry(0, 0, 1500, 950)
    show_docker()
    docker().findChild(QScrollArea).ensureWidgetVisible(docker().chain)
    yield from in_front()
    KRITA.action("KritaTransform/KisToolMove").trigger()  # with this tool, arrows move the layer
    docker().instruction.setPlainText("replace the pink leaf")
    docker().plan.click()
    yield free
    before, history = pixels(document), undo_steps()

    def reached_krita(name):
        """Notes what the keys since the last time did to Krita's picture, beside what they did in the docker."""
        if pixels(document) != before or undo_steps() != history or popup():
            note(f"krita after {name}", [undo_steps(), popup()])
            while popup():
                yield from press("Escape")
            KRITA.action("edit_undo").trigger()
            document.waitForDone()

    for name, check in CHECKS.items():
        docker().editing.set_chain(docker().editing.chain.parse(CHAIN))
        docker().editing.select(0)
        yield from check(lambda value, name=name: note(name, value))
        yield from reached_krita(name)
    document.setModified(False)


def boxes():
    return [[box.box.x1, box.box.y1, box.box.x2, box.box.y2] for box in docker().editing.chain.boxes]


def on_preview(note):
    yield from click(docker().preview, inside_box(0))
    yield from press("Right", "shift+Down", "ctrl+Left")
    moved = boxes()[0]
    yield from press("ctrl+BackSpace", "shift+BackSpace", "Delete")
    note([moved, boxes()])


def mouse_on_preview(note):
    """Drags inside the chosen box, where a smaller one lies; then clicks there."""
    text = CHAIN.replace("(400,400)", "(950,950)")
    docker().editing.set_chain(docker().editing.chain.parse(text))
    docker().editing.select(0)
    at = inside_box(1)
    yield from pull(docker().preview, at, (at[0] - 10, at[1]))
    moved = [boxes()[0][0] < 100, boxes()[1], docker().editing.selected]
    yield from click(docker().preview, inside_box(1))
    note([*moved, docker().editing.selected])


def inside_box(number):
    left, top, wide, high = docker().preview.frame().to_screen(docker().editing.chain.boxes[number].box)
    return left + wide / 2, top + high / 2


def on_list(note):
    yield from click(docker().boxes, row_of_list(0))
    yield from press("Down", "Right", "Left")
    row = docker().boxes.currentRow()
    yield from press("ctrl+BackSpace", "Delete")
    note([row, boxes()])


def row_of_list(row):
    at = docker().boxes.visualItemRect(docker().boxes.item(row)).center()
    return at.x(), at.y()


def on_instruction(note):
    field = docker().instruction
    yield from click(field)
    field.moveCursor(QTextCursor.End)
    yield from press("ctrl+BackSpace", "b", "ctrl+Left", "Right", "Delete", "shift+BackSpace", "ctrl+a")
    yield from press("ctrl+x", "ctrl+v", "ctrl+z", "ctrl+shift+z")
    note(field.toPlainText())


def on_chain(note):
    field = docker().chain
    yield from click(field)
    field.moveCursor(QTextCursor.End)
    yield from press("x", "ctrl+BackSpace", "shift+ctrl+Left", "Delete", "ctrl+Delete")
    note(field.toPlainText()[-20:])


def on_numbers(note):
    field = docker().numbers["x"]
    yield from click(field)
    yield from press("Up", "ctrl+a", "2", "5", "0", "BackSpace", "Delete", "Left", "Down", "Return", "ctrl+BackSpace")
    note([field.value(), boxes()[0][0]])


def on_enter(note):
    """Ctrl+Enter plans wherever the focus is in the docker, Escape cancels; Ctrl+Alt+P stays a shortcut of Krita."""
    planned = []
    for name in ("instruction", "preview", "boxes", "chain", "instruction"):
        getattr(docker(), name).setFocus()
        yield from press("ctrl+alt+p" if len(planned) == 4 else "ctrl+Return")
        planned.append(not free())
        yield from press("Escape")
        yield free
        docker().editing.set_chain(docker().editing.chain.parse(CHAIN))
        docker().editing.select(0)
    note(planned)


CHECKS = {
    "preview": on_preview,
    "mouse": mouse_on_preview,
    "list": on_list,
    "instruction": on_instruction,
    "chain": on_chain,
    "numbers": on_numbers,
    "enter": on_enter,
}
