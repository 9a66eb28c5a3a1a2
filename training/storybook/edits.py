"""Samples edits of storybook scenes with their instructions and GoT chains, and captions with their scenes.

An example depends on its seed and task alone.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.api.chain import COLORS as MASK_COLORS
from engine.api.chain import Box, format_box
from training.storybook.drawing import BACKGROUNDS, COLORS, KINDS, SIZE, USUAL_COLORS
from training.storybook.referring import refer
from training.storybook.scene import Scene, Thing

EDITS = ("add", "remove", "replace", "recolor", "move", "resize", "background")
TASKS = (*EDITS, "two_step", "text_to_image")
FREQUENCY = {"add": 15, "remove": 10, "replace": 15, "recolor": 13, "move": 13, "resize": 11, "background": 6}
SIDES = {"small": (26, 32), "medium": (36, 44), "large": (50, 58)}
CANONICAL_SIDE = {"small": 28, "medium": 40, "large": 54}
"""Side of a new object in pixels, so that its target box follows from the instruction."""

COLORLESS = 1 / 3
"""Share of new objects whose instruction names only their kind."""

_MASKS = list(MASK_COLORS)
_LARGEST = 68


@dataclass(frozen=True)
class Step:
    """One image of an example: the chain, the resulting scene, and the change."""

    operation: str
    chain: str
    target: Scene
    old: Thing | None = None
    new: Thing | None = None
    regions: tuple[tuple[Box, str], ...] = ()

    @property
    def target_box(self) -> Box | None:
        """The box of the new object or, if there is none, of the old one."""
        thing = self.new or self.old
        return thing.box if thing else None


@dataclass(frozen=True)
class Example:
    """An instruction with its source scene, or a caption; with a step for each image."""

    seed: int
    task: str
    instruction: str
    source: Scene | None
    steps: tuple[Step, ...]
    reference: str = ""
    """Kind of the referring expression: kind, color, name, relation, superlative, counting, or empty."""

    @property
    def chain(self) -> str:
        return "<|im_gen_start|>".join(s.chain for s in self.steps) + "<|im_gen_start|>"


def article(noun: str) -> str:
    return ("an " if noun[0] in "aeiou" else "a ") + noun


def _list(phrases: Sequence[str]) -> str:
    if not phrases:
        return "nothing else"
    return ", ".join(phrases[:-1]) + (" and " if len(phrases) > 1 else "") + phrases[-1]


def _by_x(things: Sequence[Thing]) -> list[Thing]:
    return sorted(things, key=lambda t: (t.center, t.kind, t.color))


def describe(scene: Scene, boxes: bool = False) -> str:
    """Returns the scene in words, with its objects from left to right; with `boxes`, each object has its box."""
    phrases = [article(t.name) + (f" {format_box(t.box)}" if boxes else "") for t in _by_x(scene.things)]
    return f"{article(scene.background)} with {_list(phrases)}"


def sample(seed: int, task: str | None = None) -> Example:
    """Returns the example of a seed; `task` is one of TASKS, or None for the training mixture of edits."""
    r = random.Random(f"{seed}/{task}")
    while True:
        choice = task or r.choices(list(FREQUENCY), list(FREQUENCY.values()))[0]
        if choice == "text_to_image":
            return _text_to_image(r, seed)
        source = _random_scene(r)
        if choice == "two_step":
            example = _two_step(r, seed, source)
        else:
            draft = _edit(r, source, choice)
            example = draft and Example(seed, choice, draft.instruction, source, (draft.step,), draft.reference)
        if example:
            return example


def _color_and_name(r: random.Random, kind: str) -> tuple[str, str]:
    """Returns (color, name in the instruction) of a new object; if the name has no color, it is the usual one."""
    if r.random() < COLORLESS:
        return USUAL_COLORS[kind], kind
    color = r.choice(tuple(COLORS))
    return color, f"{color} {kind}"


def _random_thing(r: random.Random) -> Thing:
    side = r.randint(*SIDES[r.choice(tuple(SIDES))])
    aspect = r.choice((1.0, 1.0, 1.0, 0.85, 1.18))
    width, height = round(side * aspect**0.5), round(side / aspect**0.5)
    x, y = r.randint(1, SIZE - 1 - width), r.randint(1, SIZE - 1 - height)
    return Thing(r.choice(tuple(KINDS)), r.choice(tuple(COLORS)), x, y, width, height)


def _random_scene(r: random.Random) -> Scene:
    scene = Scene(r.choice(BACKGROUNDS), r.randrange(16) / 15, r.randrange(16) / 16, 1 + r.randint(-6, 6) / 100)
    count = r.choice((1, 2, 2, 3, 3))
    for _ in range(60):
        thing = _random_thing(r)
        if scene.fits(thing):
            scene = replace(scene, things=(*scene.things, thing))
        if len(scene.things) == count:
            break
    return scene


@dataclass(frozen=True)
class _Draft:
    instruction: str
    step: Step
    reference: str = ""


def _edit(r: random.Random, source: Scene, operation: str) -> _Draft | None:
    """Returns a random edit of the scene, or None if the scene does not allow it."""
    if operation == "add":
        return _add(r, source)
    if operation == "background":
        return _background(r, source)
    old = r.choice(source.things)
    expression = refer(r, source.things, old)
    if expression is None:
        return None
    words, reference = expression
    draft = {"remove": _remove, "replace": _replace, "recolor": _recolor, "move": _move, "resize": _resize}[operation]
    edit = draft(r, source, old, words)
    if edit is None:
        return None
    instruction, sentence, new = edit
    regions = [(old.box, _MASKS[0])]
    if operation in ("move", "resize") and new:
        regions.append((new.box, _MASKS[1]))
    things = tuple(new if t is old else t for t in source.things if new or t is not old)
    target = replace(source, things=things)
    change = f"The object to change is the {old.name} {format_box(old.box, _MASKS[0])}. {sentence}."
    return _Draft(instruction, _step(operation, source, change, target, old, new, regions), reference)


def _step(
    operation: str,
    source: Scene,
    change: str,
    target: Scene,
    old: Thing | None,
    new: Thing | None,
    regions: list[tuple[Box, str]],
) -> Step:
    if operation == "background":
        result = describe(target)
    elif new:
        result = f"{article(target.background)} with {article(new.name)}"
    else:
        result = f"{article(target.background)} without it"
    chain = f"The image shows {describe(source, boxes=True)}. {change} The edited image shows {result}."
    return Step(operation, chain, target, old, new, tuple(regions))


def _remove(r: random.Random, source: Scene, old: Thing, words: str) -> tuple[str, str, Thing | None]:
    verb = r.choice(("remove", "delete", "erase", "take away", "get rid of"))
    return f"{verb} {words}", "Remove it", None


def _recolor(r: random.Random, source: Scene, old: Thing, words: str) -> tuple[str, str, Thing | None]:
    color = r.choice([c for c in COLORS if c != old.color])
    forms = ("make {} {}", "paint {} {}", "change the color of {} to {}", "recolor {} to {}", "turn {} {}")
    return r.choice(forms).format(words, color), f"Paint it {color}", replace(old, color=color)


def _replace(r: random.Random, source: Scene, old: Thing, words: str) -> tuple[str, str, Thing | None]:
    kind = r.choice([k for k in KINDS if k != old.kind])
    color, name = _color_and_name(r, kind)
    new = replace(old, kind=kind, color=color)
    forms = ("replace {} with {}", "turn {} into {}", "swap {} for {}", "change {} into {}")
    return r.choice(forms).format(words, article(name)), f"Replace it with {article(new.name)}", new


_PLACES = {
    "top left": (0.24, 0.24),
    "top": (0.5, 0.24),
    "top right": (0.76, 0.24),
    "left": (0.24, 0.5),
    "middle": (0.5, 0.5),
    "right": (0.76, 0.5),
    "bottom left": (0.24, 0.76),
    "bottom": (0.5, 0.76),
    "bottom right": (0.76, 0.76),
}
_SHIFTS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


def _free_place(r: random.Random, scene: Scene, thing: Thing) -> tuple[str, Thing] | None:
    """Returns (name, the object there) of a random free place, or None if no place is free."""
    for word in r.sample(tuple(_PLACES), len(_PLACES)):
        fx, fy = _PLACES[word]
        option = thing.at(fx * SIZE, fy * SIZE)
        if scene.fits(option):
            return word, option
    return None


def _move(r: random.Random, source: Scene, old: Thing, words: str) -> tuple[str, str, Thing | None] | None:
    if r.random() < 0.5:
        choice = _free_place(r, source, old)
        if choice is None:
            return None
        place, new = choice
        instruction = f"{r.choice(('move', 'put', 'place'))} {words} {'in' if place == 'middle' else 'at'} the {place}"
    else:
        direction, (dx, dy) = r.choice(tuple(_SHIFTS.items()))
        new = replace(old, x=old.x + dx * SIZE // 4, y=old.y + dy * SIZE // 4)
        if not source.fits(new, old):
            return None
        instruction = r.choice(("move {} {}", "shift {} {}", "move {} a bit {}")).format(words, direction)
    return instruction, f"Move it to {format_box(new.box, _MASKS[1])}", new


def _resize(r: random.Random, source: Scene, old: Thing, words: str) -> tuple[str, str, Thing | None] | None:
    larger = r.random() < 0.5
    new = old.at(*old.center, scale=1.5 if larger else 1 / 1.5)
    if max(new.width, new.height) > _LARGEST or min(new.width, new.height) < 18 or not source.fits(new, old):
        return None
    forms = ("make {} bigger", "make {} larger", "enlarge {}") if larger else ("make {} smaller", "shrink {}")
    sentence = f"Make it {'larger' if larger else 'smaller'}, {format_box(new.box, _MASKS[1])}"
    return r.choice(forms).format(words), sentence, new


_RELATIONS = {"to the left of": (-1, 0), "to the right of": (1, 0), "above": (0, -1), "below": (0, 1)}


def _add(r: random.Random, source: Scene) -> _Draft | None:
    size = r.choice(("small", "medium", "medium", "large"))
    side = CANONICAL_SIDE[size]
    kind = r.choice(tuple(KINDS))
    color, name = _color_and_name(r, kind)
    thing = Thing(kind, color, 0, 0, side, side)
    if r.random() < 0.6:
        choice = _free_place(r, source, thing)
        if choice is None:
            return None
        place, new = choice
        where = f"{'in' if place == 'middle' else 'at'} the {place}"
    else:
        anchor = r.choice(source.things)
        if sum(t.name == anchor.name for t in source.things) > 1:
            return None
        relation, (dx, dy) = r.choice(tuple(_RELATIONS.items()))
        reach = ((anchor.width if dx else anchor.height) + side) / 2 + 6
        cx, cy = anchor.center
        new = replace(thing, x=round(cx + dx * reach - side / 2), y=round(cy + dy * reach - side / 2))
        if not source.fits(new):
            return None
        where = f"{relation} the {anchor.name}"
    adjective = "" if size == "medium" else f"{size} "
    instruction = f"{r.choice(('add', 'place', 'put', 'insert', 'draw'))} {article(adjective + name)} {where}"
    target = replace(source, things=(*source.things, new))
    change = f"The place to change is {format_box(new.box, _MASKS[0])}. Add {article(adjective + new.name)}."
    return _Draft(instruction, _step("add", source, change, target, None, new, [(new.box, _MASKS[0])]))


def _background(r: random.Random, source: Scene) -> _Draft:
    name = r.choice([b for b in BACKGROUNDS if b != source.background])
    forms = (
        "change the background to {}",
        "make the background {}",
        "set the scene in {}",
        "replace the background with {}",
    )
    target = replace(source, background=name, horizon=0.5, phase=0.0)
    change = f"The background is to change. Make it {article(name)}."
    return _Draft(r.choice(forms).format(article(name)), _step("background", source, change, target, None, None, []))


def _two_step(r: random.Random, seed: int, source: Scene) -> Example | None:
    """Returns an example with two edits, “FIRST and then SECOND”; the second one edits the first one's result."""
    first_operation, second_operation = r.sample(("add", "remove", "replace", "recolor", "background"), 2)
    first = _edit(r, source, first_operation)
    if not first or not first.step.target.things:
        return None
    second = _edit(r, first.step.target, second_operation)
    if not second:
        return None
    instruction = f"{first.instruction} and then {second.instruction}"
    return Example(seed, "two_step", instruction, source, (first.step, second.step), first.reference)


_LAYOUTS = {1: ((0.5, 0.56),), 2: ((0.27, 0.56), (0.73, 0.56)), 3: ((0.2, 0.56), (0.5, 0.56), (0.8, 0.56))}
_COLUMN = ((0.5, 0.27), (0.5, 0.75))
_LAYOUT_SIDE = {1: 54, 2: 44, 3: 34}


def _text_to_image(r: random.Random, seed: int) -> Example:
    """Returns a caption with its canonical layout, so that the boxes follow from the words."""
    count = r.choice((1, 1, 2, 2, 3))
    side = _LAYOUT_SIDE[count]
    kinds = [r.choice(tuple(KINDS)) for _ in range(count)]
    choices = [_color_and_name(r, kind) for kind in kinds]
    items = [Thing(kind, color, 0, 0, side, side) for kind, (color, _) in zip(kinds, choices, strict=True)]
    column = count == 2 and r.random() < 0.3
    centers = _COLUMN if column else _LAYOUTS[count]
    things = [t.at(cx * SIZE, cy * SIZE) for t, (cx, cy) in zip(items, centers, strict=True)]
    scene = Scene(r.choice(BACKGROUNDS), things=tuple(things))
    names = [article(name) for _, name in choices]
    phrase = " above ".join(names) if column else _list(names)
    forms = ("{} with {}", "a picture of {1} in front of {0}", "{1}, {0} behind", "draw {} with {}")
    caption = r.choice(forms).format(article(scene.background), phrase)
    regions = tuple((t.box, _MASKS[i]) for i, t in enumerate(things))
    phrases = [f"{article(t.name)} {format_box(b, c)}" for t, (b, c) in zip(things, regions, strict=True)]
    chain = f"The picture shows {article(scene.background)} with {_list(phrases)}."
    return Example(seed, "text_to_image", caption, None, (Step("text_to_image", chain, scene, regions=regions),))
