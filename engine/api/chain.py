"""The GoT chain: the model's text, and the turns in it (paper sec. 3.1). Standard library only.

A chain is immutable and its text is exact: `Chain.parse(text).text == text` for every text. What is broken in it stays
as it is, and is reported with its position and what to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.api.errors import ChainError
from engine.api.notes import Note
from engine.api.turn import (
    BOX_END,
    BOX_START,
    COLORS,
    IM_GEN_START,
    LIMIT,
    TURN_TOKENS,
    Box,
    Problem,
    Region,
    Turn,
    TurnReader,
    escape_user_text,
    format_box,
)

__all__ = [
    "BOX_END",
    "BOX_START",
    "COLORS",
    "IM_GEN_START",
    "LIMIT",
    "NO_REGION",
    "TURN_TOKENS",
    "Box",
    "CHAIN_PROBLEM",
    "Chain",
    "Problem",
    "Region",
    "Turn",
    "escape_user_text",
    "format_box",
]

NO_REGION = Note.of(
    "no_region", "No edit region is marked, so the whole picture (or the selected area) will be redrawn."
)
"""What is said of a chain that `changes_everything` before it is drawn."""

CHAIN_PROBLEM = "chain_problem"
"""The code of a note on what is wrong in a chain; a client that shows the chain shows it there."""


@dataclass(frozen=True, init=False, repr=False)
class Chain:
    """A whole chain; edits give a new one and leave every other character as it was."""

    text: str
    turns: tuple[Turn, ...]

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "turns", tuple(_read_turns(text)))

    @classmethod
    def parse(cls, text: str) -> Chain:
        """Reads any text: nothing is refused, what is broken is listed in `problems`."""
        return cls(text)

    @classmethod
    def from_turns(cls, turns: Iterable[str]) -> Chain:
        """The chain whose images these texts make, one each."""
        return cls("".join(turns))

    def __repr__(self) -> str:
        return f"Chain({self.text!r}, {len(self.turns)} turns, {len(self.boxes)} boxes, {len(self.problems)} problems)"

    @property
    def boxes(self) -> tuple[Region, ...]:
        """All well-formed boxes, in order; a region's id is its place here."""
        return tuple(r for t in self.turns for r in t.regions)

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(p for t in self.turns for p in t.problems)

    def place(self, position: int) -> tuple[int, int]:
        """(line, column) of a character of the text, both counted from 1."""
        return self.text.count("\n", 0, position) + 1, position - self.text.rfind("\n", 0, position)

    def note_of(self, problem: Problem) -> Note:
        """One of its problems with its place."""
        (line, column), (fault, advice) = self.place(problem.start), problem.parts
        return Note.of(
            CHAIN_PROBLEM,
            "chain, line {line}, column {column}: {fault} {advice}",
            line=line,
            column=column,
            fault=fault,
            advice=advice,
        )

    def mask_regions(self, turn: int) -> tuple[Region, ...]:
        """The boxes that become masks in this turn's spatial guidance."""
        return self.turns[turn].mask_regions

    @property
    def lost(self) -> Problem | None:
        """Of the first turn whose boxes are all lost: what is wrong with the first of them. None: there is none."""
        return next((turn.lost for turn in self.turns if turn.lost), None)

    @property
    def changes_everything(self) -> bool:
        """Whether there is a turn for which no region is written, so that it changes the whole picture."""
        return any(turn.text.strip() and not turn.mask_regions for turn in self.turns)

    # edits: each gives a new chain

    def resize(self, id: int, box: Box) -> Chain:
        """The region with another box."""
        region = self._region(id)
        return self._replaced(region.start, region.end, format_box(box, region.color))

    def move(self, id: int, dx: int, dy: int) -> Chain:
        """The region shifted, stopped at the picture's edges."""
        return self.resize(id, self._region(id).box.moved(dx, dy))

    def recolor(self, id: int, color: str | None) -> Chain:
        """The region with another mask color, or with none: then it makes no mask. Raises ChainError for others."""
        if color is not None and color not in COLORS:
            raise ChainError(
                "unknown_color",
                "“{color}” is not a mask color.",
                "Use one of {names}.",
                color=color,
                names=", ".join(COLORS),
            )
        region = self._region(id)
        return self._replaced(region.start, region.end, format_box(region.box, color))

    def delete(self, id: int) -> Chain:
        """Without the region's box; its words stay."""
        region = self._region(id)
        blank = self.text[region.start - 1 : region.start] == " "
        return self._replaced(region.start - blank, region.end, "")

    def rename(self, id: int, phrase: str) -> Chain:
        """The words before the box replaced; control tokens in them are made harmless."""
        region = self._region(id)
        words = escape_user_text(phrase)
        end = region.phrase_start + len(region.phrase)
        return self._replaced(region.phrase_start, end, words if region.phrase else f" {words} ".lstrip())

    def set_attribute(self, id: int, old: str, new: str) -> Chain:
        """One word of the region's phrase replaced, such as a color. Raises ChainError where the phrase lacks it."""
        phrase = self._region(id).phrase
        found = re.search(rf"(?<!\w){re.escape(old)}(?!\w)", phrase)
        if not old or found is None:
            raise ChainError(
                "no_such_word",
                "“{phrase}” does not contain the word “{old}”.",
                "Choose a word from the phrase.",
                phrase=phrase,
                old=old,
            )
        return self.rename(id, phrase[: found.start()] + new + phrase[found.end() :])

    def add(self, box: Box, phrase: str, turn: int = -1) -> Chain:
        """A new region at the end of a turn, in the first color that the turn does not use yet."""
        where = self.turns[turn]
        used = {r.color for r in where.regions}
        color = next((c for c in COLORS if c not in used), next(iter(COLORS)))
        at = where.end - (len(IM_GEN_START) if where.finished else 0)
        gap = "" if at == where.start or self.text[at - 1].isspace() else " "
        words = escape_user_text(phrase.strip())
        return self._replaced(at, at, f"{gap}{words}{' ' if words else ''}{format_box(box, color)}.")

    def reorder(self, order: Sequence[int]) -> Chain:
        """The regions of one turn in another order; `order` has the ids of all of them.

        Each takes its phrase and its box along. What is a mask stays one, and the colors keep their order: the first
        mask has the color that the first one had.
        """
        slots, moved = [self._region(id) for id in sorted(order)], [self._region(id) for id in order]
        colors = iter([slot.color for slot in slots if slot.is_mask])
        filled = [
            (slot, found, next(colors) if found.is_mask else found.color)
            for slot, found in zip(slots, moved, strict=True)
        ]
        text = self.text
        for slot, found, color in reversed(filled):
            words = found.phrase if slot.phrase else f" {found.phrase} ".lstrip()
            between = text[slot.phrase_start + len(slot.phrase) : slot.start]
            text = text[: slot.phrase_start] + words + between + format_box(found.box, color) + text[slot.end :]
        return Chain(text)

    def _region(self, id: int) -> Region:
        if not 0 <= id < len(self.boxes):
            raise ChainError(
                "no_such_box",
                "The chain has no box {id}.",
                "Boxes are numbered from 0. Number of boxes: {count}.",
                id=id,
                count=len(self.boxes),
            )
        return self.boxes[id]

    def _replaced(self, start: int, end: int, text: str) -> Chain:
        return Chain(self.text[:start] + text + self.text[end:])


def _read_turns(text: str) -> list[Turn]:
    turns: list[Turn] = []
    start = count = 0
    while start < len(text) or not turns:
        found = text.find(IM_GEN_START, start)
        end = len(text) if found < 0 else found + len(IM_GEN_START)
        turns.append(TurnReader(len(turns), text[start:end], start, count).read())
        start, count = end, count + len(turns[-1].regions)
    return turns
