"""Referring expressions for the storybook: words that identify exactly one object in a scene."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from training.storybook.scene import Thing

_CLEAR = 8  # minimum distance in pixels for words such as "left of"
_AREA = 1.35  # minimum ratio of areas for "largest" and "smallest"
_ORDINALS = ("first", "second", "third", "fourth")


def refer(r: random.Random, things: Sequence[Thing], thing: Thing) -> tuple[str, str] | None:
    """Returns (expression, its kind) of a random expression that fits only this object, or None if there is none.

    Kinds: name (color and kind), kind, color, superlative, relation, counting.
    """
    others = [t for t in things if t is not thing]
    choices = _by_attribute(thing, others) + _by_extreme(thing, others) + _by_relation(thing, others, things)
    choices += _by_count(thing, things)
    return r.choice(choices) if choices else None


def _by_attribute(thing: Thing, others: list[Thing]) -> list[tuple[str, str]]:
    expressions = []
    if all(o.name != thing.name for o in others):
        expressions += [(f"the {thing.name}", "name")] * 3
    if all(o.kind != thing.kind for o in others):
        expressions += [(f"the {thing.kind}", "kind")] * 2
    if all(o.color != thing.color for o in others):
        expressions.append((f"the {thing.color} object", "color"))
    return expressions


def _by_extreme(thing: Thing, others: list[Thing]) -> list[tuple[str, str]]:
    if not others:
        return []
    x, y = thing.center
    tests = {
        "leftmost": all(x < o.center[0] - _CLEAR for o in others),
        "rightmost": all(x > o.center[0] + _CLEAR for o in others),
        "topmost": all(y < o.center[1] - _CLEAR for o in others),
        "lowest": all(y > o.center[1] + _CLEAR for o in others),
        "largest": all(thing.area > o.area * _AREA for o in others),
        "smallest": all(thing.area * _AREA < o.area for o in others),
    }
    return [(f"the {word} object", "superlative") for word, holds in tests.items() if holds]


_RELATIONS: dict[str, Callable[[tuple[float, float], tuple[float, float]], bool]] = {
    "left of": lambda a, b: a[0] < b[0] - _CLEAR,
    "right of": lambda a, b: a[0] > b[0] + _CLEAR,
    "above": lambda a, b: a[1] < b[1] - _CLEAR,
    "below": lambda a, b: a[1] > b[1] + _CLEAR,
}


def _by_relation(thing: Thing, others: list[Thing], things: Sequence[Thing]) -> list[tuple[str, str]]:
    expressions = []
    for anchor in others:
        if sum(t.name == anchor.name for t in things) > 1:
            continue
        rest = [t for t in things if t is not anchor]
        for words, holds in _RELATIONS.items():
            if [t for t in rest if holds(t.center, anchor.center)] == [thing]:
                expressions.append((f"the object {words} the {anchor.name}", "relation"))
    return expressions


def _by_count(thing: Thing, things: Sequence[Thing]) -> list[tuple[str, str]]:
    xs = sorted(t.center[0] for t in things)
    if len(things) < 3 or any(b - a < _CLEAR for a, b in zip(xs, xs[1:], strict=False)):
        return []
    place = xs.index(thing.center[0])
    side, index = ("left", place) if place <= len(xs) // 2 else ("right", len(xs) - 1 - place)
    return [(f"the {_ORDINALS[index]} object from the {side}", "counting")]
