"""The plan under review: a chain, and a mark for each of its boxes. Immutable; edits return a new plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from typing import Any

from engine.api.chain import IM_GEN_START, LIMIT, Box, Chain, Region
from engine.api.origin import Origin

DUPLICATE_SHIFT = 30
"""Offset of a duplicated box, in the chain's units."""

Frame = tuple[int, int, int, int]
"""The part of a picture that a chain refers to: left, top, right, bottom in pixels."""
WHOLE: Frame = (0, 0, LIMIT, LIMIT)


@dataclass(frozen=True)
class Mark:
    """What the app records about a box besides its text."""

    id: int
    """Stays the same while the text around the box is edited."""
    by_user: bool = False
    hidden: bool = False
    locked: bool = False


@dataclass(frozen=True)
class Plan:
    """A chain and its marks, one for each box, and what it answers."""

    chain: Chain = field(default_factory=lambda: Chain.parse(""))
    marks: tuple[Mark, ...] = ()
    origin: Origin = Origin()

    @classmethod
    def of(cls, text: str, origin: Origin = Origin()) -> Plan:  # noqa: B008 - immutable
        """The plan of a chain that the model wrote."""
        chain = Chain.parse(text)
        return cls(chain, tuple(Mark(number) for number in range(len(chain.boxes))), origin)

    @property
    def empty(self) -> bool:
        return not self.chain.text.strip()

    @property
    def text(self) -> str:
        return self.chain.text

    @property
    def has_user_work(self) -> bool:
        return any(mark.by_user for mark in self.marks)

    def turns(self) -> int:
        return 0 if self.empty else len(self.chain.turns)

    def boxes(self, turn: int) -> list[tuple[int, Region, Mark]]:
        """(index in the chain, region, mark) of each box in a turn."""
        pairs = zip(self.chain.boxes, self.marks, strict=True)
        return [(region.id, region, mark) for region, mark in pairs if region.turn == turn]

    def index(self, id: int) -> int | None:
        """The index of the box with that mark; None if it was deleted."""
        return next((index for index, mark in enumerate(self.marks) if mark.id == id), None)

    def finished_text(self) -> str:
        """The chain as it is drawn; it always ends with a picture."""
        return self.text if self.chain.turns[-1].finished else self.text.rstrip() + IM_GEN_START

    # edits

    def resized(self, index: int, box: Box) -> Plan:
        return replace(self, chain=self.chain.resize(index, box))

    def reframed(self, old: Frame, new: Frame) -> Plan:
        """The same boxes in the units of another part of the picture; boxes stop at its edge."""
        chain = self.chain
        for region in chain.boxes if old != new else ():
            chain = chain.resize(region.id, _in_frame(region.box, old, new))
        return replace(self, chain=chain)

    def renamed(self, index: int, phrase: str) -> Plan:
        return replace(self, chain=self.chain.rename(index, phrase))

    def recolored(self, index: int, color: str | None) -> Plan:
        """Gives a box another color; None marks an object that was only reasoned about."""
        return replace(self, chain=self.chain.recolor(index, color))

    def shifted(self, index: int, by: int) -> Plan:
        """Moves a box back in its turn by some places, as far as possible; colors follow the order."""
        own = [id for id, _, _ in self.boxes(self.chain.boxes[index].turn)]
        order = [id for id in own if id != index]
        order.insert(min(len(order), max(0, own.index(index) + by)), index)
        marks = list(self.marks)
        marks[own[0] : own[-1] + 1] = [self.marks[id] for id in order]
        return replace(self, chain=self.chain.reorder(order), marks=tuple(marks))

    def deleted(self, index: int) -> Plan:
        return replace(self, chain=self.chain.delete(index), marks=self.marks[:index] + self.marks[index + 1 :])

    def added(self, box: Box, phrase: str, turn: int) -> Plan:
        """Adds a box of the user at the end of a turn; an empty plan gets a new chain."""
        chain = Chain.parse(self.finished_text()) if self.empty else self.chain
        result = chain.add(box, phrase, min(turn, len(chain.turns) - 1))
        place = next(region.id for region in result.boxes if self._is_new(region, chain))
        new = Mark(self._next_id(), by_user=True)
        return replace(self, chain=result, marks=self.marks[:place] + (new,) + self.marks[place:])

    def _is_new(self, region: Region, chain: Chain) -> bool:
        return region.id >= len(chain.boxes) or chain.boxes[region.id].start != region.start

    def duplicated(self, index: int) -> Plan:
        """Adds a copy of a box with the same phrase, a little offset."""
        region = self.chain.boxes[index]
        shift = DUPLICATE_SHIFT if region.box.x2 + DUPLICATE_SHIFT <= LIMIT else -DUPLICATE_SHIFT
        down = DUPLICATE_SHIFT if region.box.y2 + DUPLICATE_SHIFT <= LIMIT else -DUPLICATE_SHIFT
        return self.added(region.box.moved(shift, down), region.phrase, region.turn)

    def marked(self, index: int, **change: bool) -> Plan:
        """Changes a mark: hidden, locked."""
        mark = replace(self.marks[index], **change)
        return replace(self, marks=self.marks[:index] + (mark,) + self.marks[index + 1 :])

    def with_text(self, text: str) -> Plan:
        """The plan after the user edited the text. Existing boxes keep their marks; new ones are the user's.

        A plan whose text was deleted answers nothing; what is written next is a plan by hand.
        """
        chain = Chain.parse(text)
        old_indices = match_boxes(_keys(self.chain.boxes), _keys(chain.boxes))
        new_id, marks = self._next_id(), []
        for number in range(len(chain.boxes)):
            if number in old_indices:
                marks.append(self.marks[old_indices[number]])
            else:
                marks.append(Mark(new_id, by_user=True))
                new_id += 1
        return Plan(chain, tuple(marks), self.origin if text.strip() else Origin())

    def until(self, turn: int) -> Plan:
        """The plan up to and including that turn; later turns are dropped."""
        count = sum(region.turn <= turn for region in self.chain.boxes)
        chain = Chain.from_turns(t.text for t in self.chain.turns[: turn + 1])
        return replace(self, chain=chain, marks=self.marks[:count])

    def _next_id(self) -> int:
        return max((mark.id for mark in self.marks), default=-1) + 1

    # storage

    def to_json(self) -> dict[str, Any]:
        marks = [[mark.id, mark.by_user, mark.hidden, mark.locked] for mark in self.marks]
        return {"chain": self.text, "marks": marks, "origin": self.origin.to_json()}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Plan:
        """Reads a stored plan; marks that do not match the chain are replaced with new ones."""
        plan = cls.of(str(value.get("chain", "")), Origin.from_json(value.get("origin", {})))
        marks = tuple(Mark(int(id), bool(user), bool(hid), bool(lock)) for id, user, hid, lock in value["marks"])
        return replace(plan, marks=marks) if len(marks) == len(plan.marks) else plan


def _in_frame(box: Box, old: Frame, new: Frame) -> Box:
    x1, x2 = (_unit(at, (old[0], old[2]), (new[0], new[2])) for at in (box.x1, box.x2))
    y1, y2 = (_unit(at, (old[1], old[3]), (new[1], new[3])) for at in (box.y1, box.y2))
    x1, y1 = min(x1, LIMIT - 1), min(y1, LIMIT - 1)
    return Box(x1, y1, max(x2, x1 + 1), max(y2, y1 + 1))


def _unit(at: int, old: tuple[int, int], new: tuple[int, int]) -> int:
    """Converts a coordinate from units of the interval `old` to units of the interval `new`."""
    pixel = old[0] + at * (old[1] - old[0]) / LIMIT
    return min(LIMIT, max(0, round((pixel - new[0]) * LIMIT / (new[1] - new[0]))))


def _keys(regions: Sequence[Region]) -> list[tuple[object, ...]]:
    return [(r.turn, r.phrase, r.box, r.color) for r in regions]


def match_boxes(old: Sequence[object], new: Sequence[object]) -> dict[int, int]:
    """Maps new boxes to old ones: equal boxes in order, and changed boxes if their number between equal ones is equal.

    The order is kept, and no old box is used twice.
    """
    matches: dict[int, int] = {}
    for tag, old_start, old_end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal" or (tag == "replace" and old_end - old_start == new_end - new_start):
            matches |= {new_start + step: old_start + step for step in range(new_end - new_start)}
    return matches
