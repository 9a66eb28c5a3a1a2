import engine_process
from gi.repository import Gimp
from steps import call, finish, load, note


def body():
    with engine_process.no_product():
        note("edit", call("got-edit", load("sea.png"), instruction="turn the orange fish purple"))
    note("said", Gimp.get_pdb().get_last_error())


finish(body)
