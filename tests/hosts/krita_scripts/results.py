"""Several candidates, and documents that change or are closed while an edit runs."""

from steps import KRITA, at_first_step, close, docker, free, identity, in_front, opened, pixels


def steps(note):
    docker().instruction.setPlainText("turn the orange fish purple")
    yield from candidates(note)
    yield from closed(note)
    yield from resized(note)
    yield from above_the_active(note)
    yield from boxes_at_the_edge(note)


def candidates(note):
    document = yield from opened("sea.png")
    docker().more.fields["candidates"].setValue(2)
    docker().editing.set_chain(docker().editing.chain.parse(""))
    docker().apply.click()
    yield free
    note("candidates", [docker().results.count(), len(document.topLevelNodes())])
    docker().results.itemClicked.emit(docker().results.item(1))
    yield free
    note("candidate_taken", [len(document.topLevelNodes()), docker().results.item(1).text()])
    docker().more.fields["candidates"].setValue(1)
    yield from close(document)


def closed(note):
    other = yield from opened("meadow.png")
    untouched = pixels(other)
    document = yield from opened("sea.png")
    docker().editing.set_chain(docker().editing.chain.parse(""))
    docker().apply.click()
    yield at_first_step()
    yield from close(document)
    yield free
    note("closed_said", docker().message.text())
    note("closed_offers", docker().results.count())
    note("other_untouched", pixels(other) == untouched and len(other.topLevelNodes()) == 1)
    docker().results.itemDoubleClicked.emit(docker().results.item(0))
    yield lambda: in_front() not in (None, identity(other))
    alone = KRITA.activeDocument()
    note("alone", [alone.name(), alone.width(), alone.height()])
    yield from close(alone)
    yield from close(other)


def resized(note):
    document = yield from opened("sea.png")
    docker().editing.set_chain(docker().editing.chain.parse(""))
    docker().apply.click()
    yield at_first_step()
    document.resizeImage(0, 0, 100, 100)
    document.waitForDone()
    yield free
    note("resized_said", docker().message.text())
    note("resized", [len(document.topLevelNodes()), docker().results.count()])
    yield from close(document)


def above_the_active(note):
    document = yield from opened("sea.png")
    bottom = document.topLevelNodes()[0]
    document.rootNode().addChildNode(document.createNode("on top", "paintlayer"), None)
    document.waitForDone()
    yield lambda: document.activeNode().name() == "on top"  # Krita activates a new layer a moment later
    document.setActiveNode(bottom)
    yield lambda: document.activeNode().name() == bottom.name()
    docker().editing.set_chain(docker().editing.chain.parse(""))
    docker().apply.click()
    yield free
    note("above", [node.name() for node in document.topLevelNodes()][1:])
    yield from close(document)


def boxes_at_the_edge(note):
    """Types a chain: with a box that extends beyond the picture, and with a box that has no area."""
    document = yield from opened("sea.png")
    chain = "A fish <|box_start|>(300,90),({corner})<|box_end|> (red) becomes purple.<|im_gen_start|>"
    docker().editing.set_chain(docker().editing.chain.parse(""))
    docker().plan.click()
    yield free
    docker().chain.setPlainText(chain.format(corner="1003,390"))
    note("beyond", [docker().problem.text(), docker().editing.chain.boxes[0].box.x2])
    docker().editing.select(0)
    note("edge_numbers", [docker().numbers[name].value() for name in "xywh"])
    docker().numbers["w"].setValue(600)
    docker().numbers["w"].setValue(700)
    note("edge_text", docker().chain.toPlainText())
    docker().chain.setPlainText(chain.format(corner="300,390"))
    note("lost_problem", docker().problem.text())
    note("lost", docker().apply.isEnabled())
    docker().more.fields["scope"].setCurrentIndex(docker().more.fields["scope"].findData("whole"))
    note("lost_everywhere", docker().apply.isEnabled())
    docker().more.fields["scope"].setCurrentIndex(docker().more.fields["scope"].findData("boxes"))
    docker().chain.setPlainText("All of it becomes dark.<|im_gen_start|>")
    note("whole_problem", docker().problem.text())
    yield from close(document)
