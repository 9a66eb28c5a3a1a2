"""The messages for a user who has only the plug-in."""

from steps import docker, free, opened


def steps(note):
    document = yield from opened("sea.png")
    docker().plan.click()
    yield free
    note("empty", docker().message.text())
    docker().instruction.setPlainText("turn the orange fish purple")
    docker().plan.click()
    yield free
    note("said", docker().message.text())
    note("nodes", len(document.topLevelNodes()))
