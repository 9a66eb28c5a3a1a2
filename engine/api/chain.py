"""The GoT chain: the planner's text and the turns in it (paper sec. 3.1). Standard library only.

A chain is immutable, and its text is exact: `Chain.parse(text).text == text` for every text. Malformed parts stay as
they are and are reported with their position and a remedy.
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
"""The note for a chain that `changes_everything`, shown before it is drawn."""

CHAIN_PROBLEM = "chain_problem"
"""Code of the note for a problem in a chain. A client that shows the chain shows these notes next to it."""


@dataclass(frozen=True, init=False, repr=False)
class Chain:
    """A complete chain. Its editing methods return a new chain and leave every other character unchanged."""

    text: str
    turns: tuple[Turn, ...]

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "turns", tuple(_read_turns(text)))

    @classmethod
    def parse(cls, text: str) -> Chain:
        """Parses any text. Nothing is rejected; malformed parts are listed in `problems`."""
        return cls(text)

    @classmethod
    def from_turns(cls, turns: Iterable[str]) -> Chain:
        """Joins the texts of the turns, one for each picture."""
        return cls("".join(turns))

    def __repr__(self) -> str:
        return f"Chain({self.text!r}, {len(self.turns)} turns, {len(self.boxes)} boxes, {len(self.problems)} problems)"

    @property
    def boxes(self) -> tuple[Region, ...]:
        """All well-formed boxes, in order. A region's id is its index here."""
        return tuple(r for t in self.turns for r in t.regions)

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(p for t in self.turns for p in t.problems)

    def place(self, position: int) -> tuple[int, int]:
        """(line, column) of a character in the text, both counted from 1."""
        return self.text.count("\n", 0, position) + 1, position - self.text.rfind("\n", 0, position)

    def note_of(self, problem: Problem) -> Note:
        """A problem of this chain as a note with its position."""
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
        """The problem that cost a turn its mask, in the first such turn. None if there is no such turn."""
        return next((turn.lost for turn in self.turns if turn.lost), None)

    @property
    def changes_everything(self) -> bool:
        """Whether a turn has no edit region, so that it changes the whole picture."""
        return any(turn.text.strip() and not turn.mask_regions for turn in self.turns)

    # edits: each returns a new chain

    def resize(self, id: int, box: Box) -> Chain:
        """Gives the region another box."""
        region = self._region(id)
        return self._replaced(region.start, region.end, format_box(box, region.color))

    def move(self, id: int, dx: int, dy: int) -> Chain:
        """Shifts the region; it stops at the picture's edges."""
        return self.resize(id, self._region(id).box.moved(dx, dy))

    def recolor(self, id: int, color: str | None) -> Chain:
        """Gives the region another mask color; None removes its mask. Raises ChainError for an unknown color."""
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
        """Removes the region's box; its phrase stays."""
        region = self._region(id)
        blank = self.text[region.start - 1 : region.start] == " "
        return self._replaced(region.start - blank, region.end, "")

    def rename(self, id: int, phrase: str) -> Chain:
        """Replaces the words before the box; control tokens in them are neutralized."""
        region = self._region(id)
        words = escape_user_text(phrase)
        end = region.phrase_start + len(region.phrase)
        return self._replaced(region.phrase_start, end, words if region.phrase else f" {words} ".lstrip())

    def set_attribute(self, id: int, old: str, new: str) -> Chain:
        """Replaces one word of the phrase, such as a color. Raises ChainError if the phrase does not contain it."""
        phrase = self._region(id).phrase
        match = re.search(rf"(?<!\w){re.escape(old)}(?!\w)", phrase)
        if not old or match is None:
            raise ChainError(
                "no_such_word",
                "“{phrase}” does not contain the word “{old}”.",
                "Choose a word from the phrase.",
                phrase=phrase,
                old=old,
            )
        return self.rename(id, phrase[: match.start()] + new + phrase[match.end() :])

    def add(self, box: Box, phrase: str, turn: int = -1) -> Chain:
        """Adds a region at the end of a turn, in the first color that the turn does not use yet."""
        target = self.turns[turn]
        used = {r.color for r in target.regions}
        color = next((c for c in COLORS if c not in used), next(iter(COLORS)))
        position = target.end - (len(IM_GEN_START) if target.finished else 0)
        gap = "" if position == target.start or self.text[position - 1].isspace() else " "
        words = escape_user_text(phrase.strip())
        return self._replaced(position, position, f"{gap}{words}{' ' if words else ''}{format_box(box, color)}.")

    def reorder(self, order: Sequence[int]) -> Chain:
        """Puts the regions of one turn in another order; `order` lists the ids of all of them.

        Each region takes its phrase and its box along. Masks stay masks, and the colors keep their order: the first
        mask has the color that the first mask had before.
        """
        slots, regions = [self._region(id) for id in sorted(order)], [self._region(id) for id in order]
        colors = iter([slot.color for slot in slots if slot.is_mask])
        entries = [
            (slot, region, next(colors) if region.is_mask else region.color)
            for slot, region in zip(slots, regions, strict=True)
        ]
        text = self.text
        for slot, region, color in reversed(entries):
            words = region.phrase if slot.phrase else f" {region.phrase} ".lstrip()
            between = text[slot.phrase_start + len(slot.phrase) : slot.start]
            text = text[: slot.phrase_start] + words + between + format_box(region.box, color) + text[slot.end :]
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
        marker = text.find(IM_GEN_START, start)
        end = len(text) if marker < 0 else marker + len(IM_GEN_START)
        turns.append(TurnReader(len(turns), text[start:end], start, count).read())
        start, count = end, count + len(turns[-1].regions)
    return turns
