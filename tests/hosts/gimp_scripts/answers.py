"""Calls a procedure with its dialog, which sitecustomize.py answers as a user would."""

import json
from contextlib import contextmanager

from gi.repository import Gimp
from steps import PICTURES, call

PLAN = "The object to change is the orange fish <|box_start|>(240,410),(650,880)<|box_end|> (red).<|im_gen_start|>"
"""Typed into the dialog where a plan by the model is not what is tried."""


def prepare(how, **told):
    """The next dialog is answered in that way."""
    (PICTURES / "answer.json").write_text(json.dumps({"how": how, "chain": PLAN, **told}))


@contextmanager
def meddled(**told):
    """While a procedure works for the script, somebody else is at an image or a view."""
    prepare("meddle", **told)
    yield
    (PICTURES / "answer.json").unlink()


def answered(how, image):
    """(what the procedure gave back, what the answer noted)"""
    prepare(how)
    values = call("got-generate" if image is None else "got-edit", image, mode=Gimp.RunMode.INTERACTIVE)
    notes = json.loads((PICTURES / f"{how}.json").read_text())
    if "error" in notes:
        raise RuntimeError(notes["error"])
    return values, notes
