"""The plan under review: a chain, and what the user made of each of its boxes. Immutable; edits give a new plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from typing import Any

from engine.api.chain import IM_GEN_START, LIMIT, Box, Chain, Region

DUPLICATE_SHIFT = 30
"""In the chain's units: how far a duplicated box lies from the first."""

Frame = tuple[int, int, int, int]
"""The part of a picture that a chain speaks of: left, top, right, bottom in pixels."""
WHOLE: Frame = (0, 0, LIMIT, LIMIT)


@dataclass(frozen=True)
class Mark:
    """What belongs to a box beside its text."""

    id: int
    """Stays the same while the text around the box is edited."""
    by_user: bool = False
    hidden: bool = False
    locked: bool = False


@dataclass(frozen=True)
class Plan:
    """`marks` has one entry for each of the chain's boxes."""

    chain: Chain = field(default_factory=lambda: Chain.parse(""))
    marks: tuple[Mark, ...] = ()

    @classmethod
    def of(cls, text: str) -> Plan:
        """A chain as the model wrote it."""
        chain = Chain.parse(text)
        return cls(chain, tuple(Mark(number) for number in range(len(chain.boxes))))

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
        """(index in the chain, region, mark) of one turn's boxes."""
        pairs = zip(self.chain.boxes, self.marks, strict=True)
        return [(region.id, region, mark) for region, mark in pairs if region.turn == turn]

    def index(self, id: int) -> int | None:
        """Where the box with that mark is now; None where it is gone."""
        return next((index for index, mark in enumerate(self.marks) if mark.id == id), None)

    def finished_text(self) -> str:
        """The chain as it is drawn: every chain ends with a picture."""
        return self.text if self.chain.turns[-1].finished else self.text.rstrip() + IM_GEN_START

    # edits

    def resized(self, index: int, box: Box) -> Plan:
        return Plan(self.chain.resize(index, box), self.marks)

    def reframed(self, old: Frame, new: Frame) -> Plan:
        """The same boxes on the picture, in the units of another part of it; what lies beyond stops at its edge."""
        chain = self.chain
        for region in chain.boxes if old != new else ():
            chain = chain.resize(region.id, _in_frame(region.box, old, new))
        return Plan(chain, self.marks)

    def renamed(self, index: int, phrase: str) -> Plan:
        return Plan(self.chain.rename(index, phrase), self.marks)

    def recolored(self, index: int, color: str | None) -> Plan:
        """`color` None: an object that was reasoned about, not a region to edit."""
        return Plan(self.chain.recolor(index, color), self.marks)

    def shifted(self, index: int, by: int) -> Plan:
        """With one box so many places further back in its turn, as far as there are any; colors follow the order."""
        own = [id for id, _, _ in self.boxes(self.chain.boxes[index].turn)]
        order = [id for id in own if id != index]
        order.insert(min(len(order), max(0, own.index(index) + by)), index)
        marks = list(self.marks)
        marks[own[0] : own[-1] + 1] = [self.marks[id] for id in order]
        return Plan(self.chain.reorder(order), tuple(marks))

    def deleted(self, index: int) -> Plan:
        return Plan(self.chain.delete(index), self.marks[:index] + self.marks[index + 1 :])

    def added(self, box: Box, phrase: str, turn: int) -> Plan:
        """A new box of the user's at the end of a turn; the first makes a chain of its own."""
        chain = Chain.parse(self.finished_text()) if self.empty else self.chain
        grown = chain.add(box, phrase, min(turn, len(chain.turns) - 1))
        place = next(region.id for region in grown.boxes if self._is_new(region, chain))
        new = Mark(self._next_id(), by_user=True)
        return Plan(grown, self.marks[:place] + (new,) + self.marks[place:])

    def _is_new(self, region: Region, chain: Chain) -> bool:
        return region.id >= len(chain.boxes) or chain.boxes[region.id].start != region.start

    def duplicated(self, index: int) -> Plan:
        """The same box a little further on, with the same phrase."""
        region = self.chain.boxes[index]
        shift = DUPLICATE_SHIFT if region.box.x2 + DUPLICATE_SHIFT <= LIMIT else -DUPLICATE_SHIFT
        down = DUPLICATE_SHIFT if region.box.y2 + DUPLICATE_SHIFT <= LIMIT else -DUPLICATE_SHIFT
        return self.added(region.box.moved(shift, down), region.phrase, region.turn)

    def marked(self, index: int, **change: bool) -> Plan:
        """With other flags: hidden, locked."""
        mark = replace(self.marks[index], **change)
        return replace(self, marks=self.marks[:index] + (mark,) + self.marks[index + 1 :])

    def with_text(self, text: str) -> Plan:
        """The text as the user left it. Boxes that are still there keep their marks, new ones are the user's."""
        chain = Chain.parse(text)
        kept = carried(_keys(self.chain.boxes), _keys(chain.boxes))
        fresh, marks = self._next_id(), []
        for number in range(len(chain.boxes)):
            if number in kept:
                marks.append(self.marks[kept[number]])
            else:
                marks.append(Mark(fresh, by_user=True))
                fresh += 1
        return Plan(chain, tuple(marks))

    def until(self, turn: int) -> Plan:
        """The chain up to and with that turn: what comes after it is to be planned anew."""
        count = sum(region.turn <= turn for region in self.chain.boxes)
        return Plan(Chain.from_turns(t.text for t in self.chain.turns[: turn + 1]), self.marks[:count])

    def _next_id(self) -> int:
        return max((mark.id for mark in self.marks), default=-1) + 1

    # kept on disk

    def to_json(self) -> dict[str, Any]:
        marks = [[mark.id, mark.by_user, mark.hidden, mark.locked] for mark in self.marks]
        return {"chain": self.text, "marks": marks}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Plan:
        """Marks that do not fit the chain, as another program may leave them, are made anew."""
        plan = cls.of(str(value.get("chain", "")))
        marks = tuple(Mark(int(id), bool(user), bool(hid), bool(lock)) for id, user, hid, lock in value["marks"])
        return replace(plan, marks=marks) if len(marks) == len(plan.marks) else plan


def _in_frame(box: Box, old: Frame, new: Frame) -> Box:
    x1, x2 = (_unit(at, (old[0], old[2]), (new[0], new[2])) for at in (box.x1, box.x2))
    y1, y2 = (_unit(at, (old[1], old[3]), (new[1], new[3])) for at in (box.y1, box.y2))
    x1, y1 = min(x1, LIMIT - 1), min(y1, LIMIT - 1)
    return Box(x1, y1, max(x2, x1 + 1), max(y2, y1 + 1))


def _unit(at: int, old: tuple[int, int], new: tuple[int, int]) -> int:
    """A place in units of the interval `old` -> units of the interval `new`."""
    pixel = old[0] + at * (old[1] - old[0]) / LIMIT
    return min(LIMIT, max(0, round((pixel - new[0]) * LIMIT / (new[1] - new[0]))))


def _keys(regions: Sequence[Region]) -> list[tuple[object, ...]]:
    return [(r.turn, r.phrase, r.box, r.color) for r in regions]


def carried(old: Sequence[object], new: Sequence[object]) -> dict[int, int]:
    """Which of the new boxes is which of the old: equal ones in order, and changed ones where as many stand between.

    Both orders are kept, and no old box is taken twice.
    """
    kept: dict[int, int] = {}
    for tag, old_start, old_end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal" or (tag == "replace" and old_end - old_start == new_end - new_start):
            kept |= {new_start + step: old_start + step for step in range(new_end - new_start)}
    return kept
