"""What a plan is for: its words and its document. Answers are given with real clicks and keys."""

from hands import click, in_front, press, window
from PyQt5.QtWidgets import QApplication, QMdiArea, QMessageBox, QTabBar
from steps import KRITA, close, docker, free, identity, opened, screen_shot, tree
from steps import in_front as front

PURPLE, GREEN = "turn the orange fish purple", "turn the orange fish green"


def steps(note):
    note("first_start", [seen(docker().preview), seen(docker().boxes), seen(docker().chain), seen(docker().apply)])
    yield from in_front()
    yield from words(note)
    yield from by_hand(note)
    yield from documents(note)
    yield from hidden_group(note)


def seen(widget):
    """Whether all of a widget is on the screen."""
    return widget.isVisible() and widget.visibleRegion().boundingRect() == widget.rect()


def bold():
    return [name for name in ("plan", "apply") if getattr(docker(), name).font().bold()]


def questions():
    """The open questions: one or none."""
    return [box for box in QApplication.topLevelWidgets() if isinstance(box, QMessageBox) and box.isVisible()]


def question():
    return questions()[0]


def apply_by_key():
    """Ctrl+Shift+Enter in the instruction, until a question opens or the work is done."""
    docker().instruction.setFocus()
    yield from press("ctrl+shift+Return")


def answer(label):
    """Clicks on an answer of the open question."""
    yield questions
    yield from in_front()
    yield from click(next(one for one in question().buttons() if one.text().replace("&", "") == label))
    yield lambda: not questions()


def words(note):
    document = yield from opened("sea.png")
    note("bold_first", bold())
    docker().instruction.setPlainText(PURPLE)
    docker().plan.click()
    yield free
    origin = docker().editing.origin
    note("origin", [origin.task, origin.instruction, origin.model, origin.adapter, len(origin.image)])
    note("bold_planned", bold())
    docker().instruction.setPlainText(GREEN)
    note("bold_changed", bold())
    note("about", docker().about.text())
    screen_shot("krita-other-words.png")

    yield from apply_by_key()
    yield questions
    note("question", question().text())
    note("answers", [one.text().replace("&", "") for one in question().buttons()])
    screen_shot("krita-question.png")
    yield from press("Escape")
    yield lambda: not questions()
    note("cancelled", [free(), len(document.topLevelNodes())])

    yield from apply_by_key()
    yield from answer("Draw this plan")
    yield free
    note("drawn", [document.topLevelNodes()[-1].name(), docker().editing.offers[0].name])
    yield from apply_by_key()
    yield from answer("Plan again")
    yield free
    note("planned_again", [docker().editing.origin.instruction, len(document.topLevelNodes()), bold()])
    yield from apply_by_key()
    yield lambda: len(document.topLevelNodes()) == 3 and free()
    note("drawn_again", document.topLevelNodes()[-1].name())
    yield from close(document)


def by_hand(note):
    """A plan that the user writes has no words of its own until it is drawn."""
    document = yield from opened("sea.png")
    docker().editing.set_chain(docker().editing.chain.parse(""))
    docker().plan.click()
    yield free
    text = docker().chain.toPlainText()
    docker().chain.setPlainText("")
    docker().chain.setPlainText(text)
    docker().instruction.setPlainText(PURPLE)
    note("by_hand", [docker().editing.origin.known, bold()])
    yield from apply_by_key()
    yield lambda: len(document.topLevelNodes()) == 2 and free()
    note("by_hand_drawn", [document.topLevelNodes()[-1].name(), docker().editing.origin.instruction])
    yield from close(document)


def documents(note):
    """Applies with another document in front."""
    sea = yield from opened("sea.png")
    docker().editing.set_chain(docker().editing.chain.parse(""))
    docker().plan.click()
    yield free
    note("here", [docker().about.text(), docker().show_document.isVisible()])
    meadow = yield from opened("meadow.png")
    yield docker().show_document.isVisible
    note("elsewhere", [docker().about.text(), bold()])
    yield from apply_by_key()
    yield questions
    note("where", [question().text(), [one.text().replace("&", "") for one in question().buttons()]])
    screen_shot("krita-other-document.png")
    yield from answer("Apply to “sea.png”")
    yield free
    note("applied_to_the_first", [front() == identity(sea), len(sea.topLevelNodes()), len(meadow.topLevelNodes())])

    yield from look_at(meadow)
    yield from apply_by_key()
    yield from answer("Plan for “meadow.png”")
    yield free
    note("planned_for_the_second", [docker().about.text(), docker().show_document.isVisible()])
    yield from look_at(sea)
    yield docker().show_document.isVisible
    yield from click(docker().show_document)
    yield lambda: front() == identity(meadow)

    docker().apply.click()  # and looks at another picture while it is drawn
    yield from look_at(sea)
    yield free
    note("said_where", [docker().message.text(), len(sea.topLevelNodes()), len(meadow.topLevelNodes())])
    yield from close(meadow)
    yield from close(sea)


def look_at(document):
    """Clicks on the tab of a document."""
    bar = window().findChild(QMdiArea).findChild(QTabBar)
    tab = [identity(view.document()) for view in KRITA.activeWindow().views()].index(identity(document))
    rect = bar.tabRect(tab)
    yield from click(bar, (rect.center().x(), rect.center().y()))
    yield lambda: front() == identity(document)


def hidden_group(note):
    document = yield from opened("sea.png")
    group = document.createNode("sketches", "grouplayer")
    inside = document.createNode("inside", "paintlayer")
    document.rootNode().addChildNode(group, None)
    group.addChildNode(inside, None)
    group.setVisible(False)
    document.setActiveNode(inside)
    yield lambda: document.activeNode().name() == "inside"
    docker().editing.set_chain(docker().editing.chain.parse(""))
    docker().apply.click()
    yield free
    note("hidden", [docker().message.text(), [one[0] for one in tree(document)[-1][2]]])

    cover = document.createNode("cover", "paintlayer")
    cover.setPixelData(b"\xff" * 128 * 128 * 4, 0, 0, 128, 128)
    document.rootNode().addChildNode(cover, None)
    yield lambda: document.activeNode().name() == "cover"  # Krita activates a new layer a moment later
    bottom = document.topLevelNodes()[0]
    document.setActiveNode(bottom)
    yield lambda: document.activeNode().name() == bottom.name()
    docker().apply.click()
    yield free
    note("covered", [docker().message.text(), [one[0] for one in tree(document)]])
    yield from close(document)
