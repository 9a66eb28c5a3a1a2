"""The plug-in on a German system."""

from answers import answered
from gi.repository import Gimp
from steps import call, finish, load, note


def body():
    image = load("sea.png")
    note("dialog", answered("german", image)[1]["texts"])
    texts = []
    for name in ("got-edit", "got-plan", "got-generate"):
        procedure = Gimp.get_pdb().lookup_procedure(name)
        texts += [procedure.get_menu_label(), procedure.get_blurb(), procedure.get_help()]
        for spec in (*procedure.get_arguments(), *procedure.get_return_values()):
            texts += [spec.get_nick(), spec.get_blurb()]
    note("procedures", sorted({text for text in texts if text}))
    note("refused", call("got-edit", image, instruction="x", scope="alles"))


finish(body)
