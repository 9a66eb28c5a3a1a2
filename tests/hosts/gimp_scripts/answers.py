"""Calls a procedure with its dialog, which sitecustomize.py answers as a user would."""

import json
from contextlib import contextmanager

from gi.repository import Gimp
from steps import PICTURES, call

PLAN = "The object to change is the orange fish <|box_start|>(240,410),(650,880)<|box_end|> (red).<|im_gen_start|>"
"""A chain to type into the dialog where planning is not tested."""


def prepare(how, **facts):
    """Sets how the next dialog is answered."""
    (PICTURES / "answer.json").write_text(json.dumps({"how": how, "chain": PLAN, **facts}))


@contextmanager
def meddled(**facts):
    """While a procedure works for the script, someone else changes an image or closes a view."""
    prepare("meddle", **facts)
    yield
    (PICTURES / "answer.json").unlink()


def answered(how, image, **arguments):
    """(return values of the procedure, notes of the answer)"""
    prepare(how)
    name = "got-generate" if image is None else "got-edit"
    values = call(name, image, mode=Gimp.RunMode.INTERACTIVE, **arguments)
    notes = json.loads((PICTURES / f"{how}.json").read_text())
    if "error" in notes:
        raise RuntimeError(notes["error"])
    return values, notes
