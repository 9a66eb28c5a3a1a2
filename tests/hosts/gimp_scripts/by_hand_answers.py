"""The steps of the answer `by_hand`: a user who plans, corrects, cancels, changes the words and chooses a candidate."""

import re

FISH = "turn the orange fish purple"


def steps(user):
    yield from written_and_planned(user)
    yield from keys_of_the_preview(user)
    yield from keys_of_the_list_and_the_text(user)
    yield from escape_cancels_the_job(user)
    yield from other_words(user)
    yield from candidates(user)


def boxes(user):
    return re.findall(r"box_start\|>\((\d+),(\d+)\)", user.chain())


def planned(user):
    return user.free() and "<|im_gen_start|>" in user.chain()


def written_and_planned(user):
    user.note(title=user.dialog().get_title(), first_text=user.chain())
    yield user.hands(["key", "alt+i"], ["type", FISH])
    user.note(written=user.field("Instruction").get_text(), default_before=user.default())
    yield user.hands(["key", "ctrl+Return"])
    yield lambda: planned(user)
    user.note(planned=user.chain(), default_planned=user.default())


def keys_of_the_preview(user):
    from gi.repository import Gtk

    image = user.all_of(Gtk.Image, user.all_of(Gtk.EventBox)[0])[0]
    corners = re.findall(r"\((\d+),(\d+)\),\((\d+),(\d+)\)<\|box_end\|> \(", user.chain())[0]
    x1, y1, x2, y2 = (int(value) * 360 / 1000 for value in corners)
    yield user.hands(*user.click_on(image.get_parent(), (x1 + x2) / 2, (y1 + y2) / 2))
    rows = user.all_of(Gtk.ListBox)[0]
    yield lambda: rows.get_selected_row() is not None
    number, before = rows.get_selected_row().get_index(), boxes(user)
    yield user.hands(["key", "Right", "Right", "shift+Down"])
    yield lambda: boxes(user)[number] == (str(int(before[number][0]) + 2), str(int(before[number][1]) + 10))
    yield user.hands(["key", "Delete"])
    yield lambda: len(boxes(user)) == len(before) - 1
    user.note(deleted=[len(before), len(boxes(user))])


def keys_of_the_list_and_the_text(user):
    from gi.repository import Gtk

    rows, count = user.all_of(Gtk.ListBox)[0], len(boxes(user))
    row = rows.get_row_at_index(0)
    yield user.hands(*user.click_on(row, 20, row.get_allocated_height() / 2))
    yield lambda: rows.get_selected_row() is not None
    yield user.hands(["key", "Down"])
    yield lambda: rows.get_selected_row().get_index() == 1
    yield user.hands(["key", "Delete"])
    yield lambda: len(boxes(user)) == count - 1
    user.note(deleted_in_the_list=[count, len(boxes(user))])
    text = user.chain()
    view = user.all_of(Gtk.TextView)[0]
    yield user.hands(*user.click_on(view, 30, 10), ["key", "ctrl+End", "ctrl+BackSpace"])
    yield lambda: user.chain() != text
    user.note(backspace=[len(text), len(user.chain())])


def escape_cancels_the_job(user):
    yield user.hands(["key", "ctrl+Return"])
    yield lambda: planned(user)
    user.field("Steps").set_value(500)
    yield user.hands(["key", "ctrl+shift+Return"])
    yield user.at_step
    yield user.hands(["key", "Escape"])
    yield user.free
    user.note(cancelled=user.labels(), kept=planned(user))
    user.field("Steps").set_value(-1)


def other_words(user):
    """The words change: Plan is the next action, and Apply asks."""
    yield user.hands(["key", "alt+i", "ctrl+a"], ["type", "make the car blue"])
    user.note(default_other=user.default())
    user.picture("gimp-other-words.png")
    user.field("Candidates").set_value(2)
    yield user.hands(["key", "ctrl+shift+Return"])
    yield user.question
    user.note(question=user.question())
    yield user.hands(["key", "Escape"], window="^GoT$")
    yield lambda: not user.question()
    user.note(after_escape=[user.free(), user.chain() == user.notes["planned"]])
    yield user.hands(["key", "ctrl+shift+Return"])
    yield user.question
    yield user.hands(["key", "alt+d"], window="^GoT$")


def candidates(user):
    from gi.repository import Gimp, Gtk

    yield lambda: user.free() and user.button_shown("_Add layer")
    user.note(candidates=len(user.all_of(Gtk.FlowBoxChild)), default_candidates=user.default())
    yield user.hands(["key", "2"])
    yield lambda: user.all_of(Gtk.FlowBoxChild)[1].is_selected()
    yield user.painted
    user.picture("gimp-candidates.png")
    Gimp.Display.new(Gimp.Image.new(64, 64, Gimp.ImageBaseType.RGB))  # the user looks at another image
    yield user.hands(["key", "Return"])
