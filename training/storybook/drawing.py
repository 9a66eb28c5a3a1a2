"""Draws the storybook's pictures: parametric objects and backgrounds, anti-aliased, in small RGB arrays.

All functions are pure, so a scene looks the same on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIZE = 128
"""Side of a storybook picture in pixels."""

COLORS: dict[str, tuple[int, int, int]] = {
    "red": (222, 45, 45),
    "orange": (246, 142, 30),
    "yellow": (248, 220, 60),
    "green": (52, 168, 72),
    "turquoise": (40, 190, 190),
    "blue": (50, 92, 222),
    "purple": (142, 64, 192),
    "pink": (246, 138, 190),
    "brown": (134, 84, 48),
    "white": (246, 246, 244),
}
USUAL_COLORS = {
    "ball": "red",
    "star": "yellow",
    "heart": "red",
    "house": "brown",
    "tree": "green",
    "car": "blue",
    "fish": "orange",
    "flower": "pink",
    "umbrella": "red",
    "leaf": "green",
    "moon": "yellow",
    "cloud": "white",
    "boat": "blue",
    "mushroom": "brown",
    "balloon": "purple",
    "cup": "white",
    "butterfly": "orange",
    "hat": "purple",
    "kite": "turquoise",
    "gift": "pink",
}
"""The color of a new object if the instruction names none: “a tree” is a green one."""
BACKGROUNDS = ("meadow", "beach", "night", "sunset", "snowfield", "sea", "desert", "room")

_DARK = (52, 44, 50)
_BARK = (120, 78, 44)
_CREAM = (250, 238, 214)
_LEAF = (64, 146, 66)
_GLASS = (206, 232, 250)
_MASTER = 192  # side of the master sprite, which is scaled down to each size
_OUTLINE = 9  # width of the dilation on the master, in pixels

Role = str | tuple[int, int, int]  # "color", "dark" and "light" depend on the object's color; a tuple is a fixed color
Pen = Callable[["_Pen"], object]


class _Pen:
    """Draws into one alpha layer with coordinates in the unit square."""

    def __init__(self, draw: ImageDraw.ImageDraw) -> None:
        self.draw = draw

    @staticmethod
    def _scale(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        inner = _MASTER - 2 * _OUTLINE
        return [(_OUTLINE + x * inner, _OUTLINE + y * inner) for x, y in points]

    def poly(self, *points: tuple[float, float], ink: int = 255) -> None:
        self.draw.polygon(self._scale(list(points)), fill=ink)

    def oval(self, x1: float, y1: float, x2: float, y2: float, ink: int = 255) -> None:
        self.draw.ellipse([c for p in self._scale([(x1, y1), (x2, y2)]) for c in p], fill=ink)

    def rect(self, x1: float, y1: float, x2: float, y2: float, ink: int = 255) -> None:
        self.draw.rectangle([c for p in self._scale([(x1, y1), (x2, y2)]) for c in p], fill=ink)

    def ring(self, x1: float, y1: float, x2: float, y2: float, width: float) -> None:
        box = [c for p in self._scale([(x1, y1), (x2, y2)]) for c in p]
        self.draw.ellipse(box, outline=255, width=round(width * _MASTER))


def _star(points: int, outer: float, inner: float) -> list[tuple[float, float]]:
    radii = [(outer, inner)[i % 2] for i in range(points * 2)]
    angles = [-math.pi / 2 + i * math.pi / points for i in range(points * 2)]
    return [(0.5 + r * math.cos(a), 0.52 + r * math.sin(a)) for r, a in zip(radii, angles, strict=True)]


def _leaf_outline() -> list[tuple[float, float]]:
    steps = [i / 24 for i in range(25)]
    right = [(0.5 + 0.46 * math.sin(math.pi * t**0.8), t * 0.86) for t in steps]
    return right + [(1 - x, y) for x, y in reversed(right)]


def _petals(p: _Pen) -> None:
    for i in range(6):
        x, y = 0.5 + 0.24 * math.cos(i * math.pi / 3), 0.34 + 0.24 * math.sin(i * math.pi / 3)
        p.oval(x - 0.17, y - 0.17, x + 0.17, y + 0.17)


KINDS: dict[str, list[tuple[Role, Pen]]] = {
    "ball": [
        ("color", lambda p: p.oval(0, 0, 1, 1)),
        ("light", lambda p: p.poly((0.03, 0.36), (0.97, 0.36), (0.99, 0.6), (0.01, 0.6))),
    ],
    "star": [("color", lambda p: p.poly(*_star(5, 0.54, 0.24)))],
    "heart": [
        (
            "color",
            lambda p: (
                p.oval(0, 0.04, 0.54, 0.58),
                p.oval(0.46, 0.04, 1, 0.58),
                p.poly((0.03, 0.42), (0.97, 0.42), (0.5, 1)),
                p.rect(0.3, 0.3, 0.7, 0.5),
            ),
        )
    ],
    "house": [
        ("color", lambda p: p.rect(0.12, 0.44, 0.88, 1)),
        ("dark", lambda p: p.poly((0.5, 0), (1, 0.46), (0, 0.46))),
        (_CREAM, lambda p: p.rect(0.58, 0.58, 0.78, 0.78)),
        (_DARK, lambda p: p.rect(0.24, 0.62, 0.46, 1)),
    ],
    "tree": [
        (_BARK, lambda p: p.rect(0.4, 0.6, 0.6, 1)),
        ("color", lambda p: (p.poly((0.5, 0), (0.92, 0.46), (0.08, 0.46)), p.poly((0.5, 0.2), (1, 0.78), (0, 0.78)))),
    ],
    "car": [
        ("color", lambda p: (p.rect(0, 0.46, 1, 0.8), p.poly((0.16, 0.48), (0.3, 0.16), (0.72, 0.16), (0.86, 0.48)))),
        (_GLASS, lambda p: p.poly((0.28, 0.46), (0.37, 0.25), (0.65, 0.25), (0.74, 0.46))),
        (_DARK, lambda p: (p.oval(0.08, 0.62, 0.38, 0.92), p.oval(0.62, 0.62, 0.92, 0.92))),
    ],
    "fish": [
        ("color", lambda p: (p.oval(0, 0.16, 0.78, 0.84), p.poly((0.64, 0.5), (1, 0.12), (1, 0.88)))),
        ("light", lambda p: p.poly((0.36, 0.17), (0.48, 0.17), (0.48, 0.83), (0.36, 0.83))),
        (_DARK, lambda p: p.oval(0.13, 0.36, 0.25, 0.48)),
    ],
    "flower": [
        (_LEAF, lambda p: (p.rect(0.45, 0.5, 0.55, 1), p.oval(0.52, 0.74, 0.86, 0.9))),
        ("color", _petals),
        (_CREAM, lambda p: p.oval(0.36, 0.2, 0.64, 0.48)),
    ],
    "umbrella": [
        (_DARK, lambda p: (p.rect(0.46, 0.4, 0.54, 0.98), p.rect(0.3, 0.9, 0.54, 0.98))),
        ("color", lambda p: (p.oval(0, 0.02, 1, 1.06), p.rect(0, 0.54, 1, 1.1, 0))),
        ("light", lambda p: (p.oval(0.34, 0.02, 0.66, 1.06), p.rect(0.3, 0.54, 0.7, 1.1, 0))),
    ],
    "leaf": [
        ("color", lambda p: p.poly(*_leaf_outline())),
        ("dark", lambda p: p.rect(0.46, 0.24, 0.54, 1)),
    ],
    "moon": [("color", lambda p: (p.oval(0.06, 0, 1.06, 1), p.oval(0.42, -0.06, 1.3, 0.8, 0)))],
    "cloud": [
        (
            "color",
            lambda p: (
                p.oval(0, 0.4, 0.46, 0.86),
                p.oval(0.2, 0.14, 0.74, 0.72),
                p.oval(0.54, 0.36, 1, 0.86),
                p.rect(0.22, 0.5, 0.78, 0.86),
            ),
        )
    ],
    "boat": [
        (_DARK, lambda p: p.rect(0.46, 0.02, 0.53, 0.7)),
        (
            "light",
            lambda p: (p.poly((0.55, 0.04), (0.96, 0.6), (0.55, 0.6)), p.poly((0.43, 0.16), (0.43, 0.6), (0.1, 0.6))),
        ),
        ("color", lambda p: p.poly((0, 0.66), (1, 0.66), (0.8, 1), (0.2, 1))),
    ],
    "mushroom": [
        (_CREAM, lambda p: p.rect(0.34, 0.5, 0.66, 1)),
        ("color", lambda p: (p.oval(0, 0.02, 1, 1.14), p.rect(0, 0.58, 1, 1.3, 0))),
        ("light", lambda p: (p.oval(0.2, 0.24, 0.38, 0.42), p.oval(0.6, 0.2, 0.8, 0.4))),
        (_CREAM, lambda p: p.rect(0.34, 0.6, 0.66, 1)),
    ],
    "balloon": [
        (_DARK, lambda p: p.rect(0.47, 0.7, 0.53, 1)),
        ("color", lambda p: (p.oval(0.1, 0, 0.9, 0.72), p.poly((0.5, 0.62), (0.64, 0.8), (0.36, 0.8)))),
        ("light", lambda p: p.oval(0.24, 0.14, 0.42, 0.32)),
    ],
    "cup": [
        ("dark", lambda p: p.ring(0.58, 0.24, 1, 0.72, 0.08)),
        ("color", lambda p: p.poly((0, 0.08), (0.78, 0.08), (0.68, 0.94), (0.1, 0.94))),
        ("light", lambda p: p.oval(0, 0, 0.78, 0.2)),
    ],
    "butterfly": [
        (
            "color",
            lambda p: (
                p.oval(0, 0.04, 0.5, 0.58),
                p.oval(0.5, 0.04, 1, 0.58),
                p.oval(0.1, 0.48, 0.5, 0.96),
                p.oval(0.5, 0.48, 0.9, 0.96),
            ),
        ),
        ("light", lambda p: (p.oval(0.12, 0.18, 0.32, 0.4), p.oval(0.68, 0.18, 0.88, 0.4))),
        (_DARK, lambda p: p.oval(0.43, 0.08, 0.57, 0.96)),
    ],
    "hat": [
        ("color", lambda p: (p.rect(0.22, 0.06, 0.78, 0.8), p.oval(0, 0.66, 1, 0.96))),
        ("dark", lambda p: p.rect(0.22, 0.5, 0.78, 0.66)),
    ],
    "kite": [
        ("color", lambda p: p.poly((0.5, 0), (0.92, 0.36), (0.5, 0.84), (0.08, 0.36))),
        (
            "light",
            lambda p: (p.poly((0.5, 0), (0.92, 0.36), (0.5, 0.36)), p.poly((0.5, 0.84), (0.08, 0.36), (0.5, 0.36))),
        ),
        (_DARK, lambda p: p.poly((0.48, 0.82), (0.54, 0.82), (0.72, 1), (0.62, 1))),
    ],
    "gift": [
        ("color", lambda p: p.rect(0.04, 0.3, 0.96, 1)),
        ("light", lambda p: (p.rect(0.42, 0.3, 0.58, 1), p.rect(0.04, 0.52, 0.96, 0.64))),
        ("dark", lambda p: (p.oval(0.14, 0.02, 0.5, 0.32), p.oval(0.5, 0.02, 0.86, 0.32))),
    ],
}

NOVEL: dict[str, list[tuple[Role, Pen]]] = {
    "snowman": [
        ("color", lambda p: (p.oval(0.24, 0, 0.76, 0.46), p.oval(0.08, 0.36, 0.92, 1))),
        (
            _DARK,
            lambda p: (
                p.oval(0.36, 0.12, 0.45, 0.22),
                p.oval(0.55, 0.12, 0.64, 0.22),
                p.oval(0.45, 0.5, 0.55, 0.6),
                p.oval(0.45, 0.7, 0.55, 0.8),
            ),
        ),
    ],
}
"""Kinds that no storybook scene contains, for fine-tuning (`training.experiments.novelty`)."""


@lru_cache(None)
def _master(kind: str) -> list[tuple[Role, Image.Image]]:
    """Returns the alpha layers of a kind at master size, the outline first."""
    layers = []
    for role, ink in KINDS.get(kind) or NOVEL[kind]:
        alpha = Image.new("L", (_MASTER, _MASTER), 0)
        ink(_Pen(ImageDraw.Draw(alpha)))
        layers.append((role, alpha))
    union = np.max([np.asarray(alpha) for _, alpha in layers], axis=0)
    outline = Image.fromarray(union).filter(ImageFilter.MaxFilter(_OUTLINE))
    return [("outline", outline), *layers]


@lru_cache(30_000)
def sprite(kind: str, width: int, height: int) -> list[tuple[Role, np.ndarray]]:
    """Returns the layers of an object, bottom first: (role, alpha in [0, 1] of shape (height, width, 1))."""
    return [
        (role, np.asarray(alpha.resize((width, height), Image.Resampling.BOX), np.float32)[..., None] / 255)
        for role, alpha in _master(kind)
    ]


def _ink(role: Role, color: str) -> np.ndarray:
    base = np.array(COLORS[color], np.float32)
    if role == "color":
        return base
    if role == "outline":
        return base * 0.42
    if role == "dark":
        return base * 0.62
    if role == "light":
        return base * 0.42 + 255 * 0.58 if color != "white" else np.array((196, 204, 216), np.float32)
    return np.array(role, np.float32)


def draw_thing(canvas: np.ndarray, kind: str, color: str, x: int, y: int, width: int, height: int) -> None:
    """Draws an object into the canvas, float32 (H, W, 3) in [0, 255]. Its box must lie inside the canvas."""
    patch = canvas[y : y + height, x : x + width]
    for role, alpha in sprite(kind, width, height):
        patch += (_ink(role, color) - patch) * alpha


def _ramp(top: tuple[int, int, int], bottom: tuple[int, int, int], t: np.ndarray) -> np.ndarray:
    t = np.clip(t, 0, 1)[..., None]
    return np.array(top, np.float32) * (1 - t) + np.array(bottom, np.float32) * t


@lru_cache(1)
def _paper() -> np.ndarray:
    """Returns the page's grain: a fixed, smooth texture of about ±2 levels."""
    noise = np.random.default_rng(0).normal(size=(SIZE // 4, SIZE // 4)).astype(np.float32)
    image = Image.fromarray(noise).resize((SIZE, SIZE), Image.Resampling.BICUBIC)
    return np.asarray(image, np.float32)[..., None] * 2


_LAND = {  # sky top, sky bottom, ground top, ground bottom
    "meadow": ((118, 188, 245), (206, 232, 250), (138, 204, 96), (84, 152, 60)),
    "beach": ((104, 196, 240), (196, 238, 246), (242, 218, 156), (222, 186, 122)),
    "snowfield": ((150, 176, 212), (214, 226, 238), (240, 244, 250), (212, 224, 238)),
    "sea": ((172, 216, 250), (222, 240, 250), (48, 128, 188), (20, 72, 132)),
    "desert": ((250, 206, 150), (252, 232, 196), (226, 160, 92), (190, 112, 62)),
    "night": ((12, 16, 48), (44, 48, 104), (26, 44, 62), (14, 26, 42)),
    "sunset": ((236, 120, 96), (252, 206, 120), (112, 74, 112), (66, 44, 84)),
    "room": ((236, 220, 196), (226, 206, 180), (168, 118, 82), (136, 92, 62)),
}
_WAVES = {
    "meadow": 0.035,
    "beach": 0.012,
    "snowfield": 0.04,
    "sea": 0.0,
    "desert": 0.05,
    "night": 0.03,
    "sunset": 0.03,
    "room": 0.0,
}


@lru_cache(4096)
def background(name: str, horizon: float, phase: float) -> np.ndarray:
    """Returns a background, float32 (SIZE, SIZE, 3) in [0, 255]; horizon and phase (of hills and waves) in [0, 1]."""
    y, x = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32) / SIZE
    line = 0.52 + 0.2 * horizon + _WAVES[name] * np.sin(2 * math.pi * (1.3 * x + phase))
    top, bottom, near, far = _LAND[name]
    sky = _ramp(top, bottom, y / line)
    ground = _ramp(near, far, (y - line) / (1 - line))
    if name == "sea":
        ground += 10 * np.sin(2 * math.pi * (9 * y + 0.3 * np.sin(2 * math.pi * (2 * x + phase))))[..., None]
    if name == "room":
        sky += 7 * np.sign(np.sin(2 * math.pi * (8 * x + phase)))[..., None]
    if name == "night":
        stars = np.random.default_rng(3).random((22, 2))
        for sx, sy in stars:
            sky += 150 * np.exp(-(((x - sx) ** 2 + (y - sy * 0.5) ** 2) * SIZE**2) / 1.2)[..., None]
    mix = np.clip((y - line) * SIZE + 0.5, 0, 1)[..., None]  # one pixel of anti-aliasing at the horizon
    return sky * (1 - mix) + ground * mix
