"""A storybook scene: a background with objects in front of it.

Boxes are rounded to multiples of 10 in [0, 1000], at most 0.64 pixels of a 128-pixel picture, because a tiny model
could not learn the last digit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.api.chain import Box
from training.storybook.drawing import SIZE, background, draw_thing

_GAP = 2
"""Minimum distance between two objects, in pixels."""


@dataclass(frozen=True)
class Thing:
    """An object in a scene; x, y, width and height are in pixels."""

    kind: str
    color: str
    x: int
    y: int
    width: int
    height: int

    @property
    def center(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2

    @property
    def area(self) -> int:
        return self.width * self.height

    @property
    def name(self) -> str:
        return f"{self.color} {self.kind}"

    @property
    def box(self) -> Box:
        ends = (self.x, self.y, self.x + self.width, self.y + self.height)
        return Box(*(min(990, round(v * 100 / SIZE) * 10) for v in ends))

    def at(self, cx: float, cy: float, scale: float = 1.0) -> Thing:
        """Returns the same object scaled and centered at (cx, cy), moved into the picture if necessary."""
        width, height = round(self.width * scale), round(self.height * scale)
        x = min(max(round(cx - width / 2), 1), SIZE - 1 - width)
        y = min(max(round(cy - height / 2), 1), SIZE - 1 - height)
        return replace(self, x=x, y=y, width=width, height=height)


@dataclass(frozen=True)
class Scene:
    """A background with its variations (in [0, 1]), the light (1: neutral), and objects that do not overlap."""

    background: str
    horizon: float = 0.5
    phase: float = 0.0
    light: float = 1.0
    things: tuple[Thing, ...] = ()

    def render(self) -> np.ndarray:
        """Returns the picture, uint8 RGB (SIZE, SIZE, 3)."""
        canvas = background(self.background, self.horizon, self.phase).copy()
        for t in self.things:
            draw_thing(canvas, t.kind, t.color, t.x, t.y, t.width, t.height)
        return (canvas * self.light).round().clip(0, 255).astype(np.uint8)

    def fits(self, thing: Thing, ignore: Thing | None = None) -> bool:
        """Returns whether the object is inside the picture and touches no other object (except `ignore`)."""
        if min(thing.x, thing.y) < 1 or max(thing.x + thing.width, thing.y + thing.height) > SIZE - 1:
            return False
        return not any(
            thing.x < o.x + o.width + _GAP
            and o.x < thing.x + thing.width + _GAP
            and thing.y < o.y + o.height + _GAP
            and o.y < thing.y + thing.height + _GAP
            for o in self.things
            if o is not ignore
        )
