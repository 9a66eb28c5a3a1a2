"""A storybook scene: a background and the things that stand in front of it.

Boxes are rounded to tens of [0,1000] — 0.64 pixels of a 128-pixel picture — which spares a tiny model a digit it could
never learn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.api.chain import Box
from training.storybook.drawing import SIZE, background, draw_thing

_GAP = 2
"""Pixels between two things at least."""


@dataclass(frozen=True)
class Thing:
    """A drawn object; x, y, width, height in pixels of the picture."""

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
        """The same thing centred at (cx, cy), kept inside the picture."""
        width, height = round(self.width * scale), round(self.height * scale)
        x = min(max(round(cx - width / 2), 1), SIZE - 1 - width)
        y = min(max(round(cy - height / 2), 1), SIZE - 1 - height)
        return replace(self, x=x, y=y, width=width, height=height)


@dataclass(frozen=True)
class Scene:
    """A picture to draw: background with its variation in [0,1], light (1 = neutral) and things that do not overlap."""

    background: str
    horizon: float = 0.5
    phase: float = 0.0
    light: float = 1.0
    things: tuple[Thing, ...] = ()

    def render(self) -> np.ndarray:
        """uint8 RGB of shape (SIZE, SIZE, 3)."""
        canvas = background(self.background, self.horizon, self.phase).copy()
        for t in self.things:
            draw_thing(canvas, t.kind, t.color, t.x, t.y, t.width, t.height)
        return (canvas * self.light).round().clip(0, 255).astype(np.uint8)

    def fits(self, thing: Thing, besides: Thing | None = None) -> bool:
        """Whether the thing lies inside the picture and touches no other (but `besides`)."""
        if min(thing.x, thing.y) < 1 or max(thing.x + thing.width, thing.y + thing.height) > SIZE - 1:
            return False
        return not any(
            thing.x < o.x + o.width + _GAP
            and o.x < thing.x + thing.width + _GAP
            and thing.y < o.y + o.height + _GAP
            and o.y < thing.y + thing.height + _GAP
            for o in self.things
            if o is not besides
        )
