"""What the user should know about a plan before it is drawn, and whether anything could come of it.

Standard library only, Python 3.10.
"""

from __future__ import annotations

import re

from engine.api.chain import BOX_START, NO_REGION, Chain
from engine.api.notes import Note
from engine.api.origin import Origin

_NEXT_STEP = re.compile(r"(?:[\s,.;]+|^)(?:and\s+)?(?:then|afterwards|after that)\b[\s,]*|\s*;\s*", re.IGNORECASE)

NO_PLAN = Note.of(
    "no_plan",
    "The model wrote no plan: its text has no box and no end. Plan again with simpler words, or draw a box yourself.",
)

NO_USABLE_BOX = Note.of(
    "no_usable_box",
    "No edit box in the plan can be used, so it is unclear what should change. Correct a box, or draw one.",
)
_LONGEST_BY_HAND = 300
"""Characters. A longer text without a box and an end is the model's, which wrote until it reached its limit."""


def steps(instruction: str) -> int:
    """How many steps an instruction names, one after the other: “…, then …”, “…; …”."""
    return sum(bool(part.strip(" ,.")) for part in _NEXT_STEP.split(instruction))


def is_no_plan(chain: Chain, origin: Origin) -> bool:
    """Whether the model only rambled: its text has no box, and was cut off at the maximum length."""
    is_long = origin.known and len(chain.text) > _LONGEST_BY_HAND
    return is_long and BOX_START not in chain.text and not chain.turns[-1].finished


def is_drawable(chain: Chain, origin: Origin, everywhere: bool = False) -> bool:
    """Whether something could come of drawing the chain; `everywhere` means that the whole picture may change."""
    if not chain.text.strip() or is_no_plan(chain, origin):
        return False
    return everywhere or chain.lost is None


def advice(chain: Chain, origin: Origin, everywhere: bool = False) -> tuple[Note, ...]:
    """Notes on the chain as a whole; problems at one place in it are `chain.problems`."""
    if not chain.text.strip():
        return ()
    if is_no_plan(chain, origin):
        return (NO_PLAN,)
    notes = [NO_USABLE_BOX] if chain.lost and not everywhere else []
    named, planned = steps(origin.instruction), len(chain.turns)
    if named > planned:
        notes.append(
            Note.of(
                "fewer_steps",
                "The instruction names {named} steps, but the plan has {planned}. Draw it, then plan what is missing.",
                named=named,
                planned=planned,
            )
        )
    if origin.task == "edit" and not chain.lost and chain.changes_everything:
        notes.append(NO_REGION)
    return tuple(notes)
