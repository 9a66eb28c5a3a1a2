"""Strict criteria for a right edit of a storybook scene, applied to the pixels before compositing.

Inside the box, the result must be closer to the true object (kind and color, or its absence) than to every other kind
and color and to the unchanged source, in blurred CIELAB. Outside the boxes, the PSNR must reach 25 dB.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.api.chain import Box
from training.measures import OUTSIDE_DB, blurred_lab, psnr
from training.storybook.drawing import BACKGROUNDS, COLORS, KINDS, SIZE, draw_thing
from training.storybook.edits import Step
from training.storybook.scene import Scene, Thing

_MARGIN = 2  # pixels around a box that count as inside, because the boxes in chains are rounded

Place = tuple[int, int, int, int]
"""x1, y1, x2, y2 in pixels; x2 and y2 are exclusive."""


def place_of(box: Box) -> Place:
    """Returns the pixels of a storybook picture that a box covers."""
    x1, y1, x2, y2 = (round(v * SIZE / 1000) for v in (box.x1, box.y1, box.x2, box.y2))
    return max(x1, 0), max(y1, 0), min(max(x2, x1 + 1), SIZE), min(max(y2, y1 + 1), SIZE)


def _distance(result: np.ndarray, other: np.ndarray, place: Place) -> float:
    x1, y1, x2, y2 = place
    return float(np.square(result[y1:y2, x1:x2] - other[y1:y2, x1:x2]).sum(-1).mean())


def rivals(actual: np.ndarray, scene: Scene, thing: Thing) -> dict[tuple[str, str], float]:
    """Returns the distances in the object's place from a picture (blurred Lab) to each (kind, color) drawn there."""
    place = (thing.x, thing.y, thing.x + thing.width, thing.y + thing.height)
    empty = replace(scene, things=tuple(t for t in scene.things if t is not thing))
    canvas = empty.render().astype(np.float32) / scene.light
    distances = {}
    for kind in KINDS:
        for color in COLORS:
            picture = canvas.copy()
            draw_thing(picture, kind, color, thing.x, thing.y, thing.width, thing.height)
            distances[kind, color] = _distance(actual, _crop_lab(picture * scene.light, place), place)
    return distances


def nearest_thing(actual: np.ndarray, scene: Scene, thing: Thing) -> tuple[str, str]:
    """Returns the (kind, color) that is closest to a picture (blurred Lab) in the object's place."""
    distances = rivals(actual, scene, thing)
    return min(distances, key=lambda name: distances[name])


def _crop_lab(picture: np.ndarray, place: Place) -> np.ndarray:
    """Returns blurred_lab of a float picture, computed only around a place; the rest is 0."""
    x1, y1 = max(place[0] - 6, 0), max(place[1] - 6, 0)
    x2, y2 = min(place[2] + 6, SIZE), min(place[3] + 6, SIZE)
    out = np.zeros((SIZE, SIZE, 3), np.float32)
    out[y1:y2, x1:x2] = blurred_lab(picture[y1:y2, x1:x2].round().clip(0, 255).astype(np.uint8))
    return out


def outside(places: Sequence[Place]) -> np.ndarray:
    """Returns the pixels outside all places and their margins, bool (SIZE, SIZE)."""
    mask = np.ones((SIZE, SIZE), bool)
    for x1, y1, x2, y2 in places:
        mask[max(y1 - _MARGIN, 0) : y2 + _MARGIN, max(x1 - _MARGIN, 0) : x2 + _MARGIN] = False
    return mask


@dataclass(frozen=True)
class EditScore:
    """The score of an edit; outside_psnr is in dB, and None for an edit of the whole picture."""

    right: bool
    inside_right: bool
    outside_psnr: float | None


def score_edit(source: Scene, step: Step, result: np.ndarray, truth: np.ndarray | None = None) -> EditScore:
    """Scores one step; `result` is uint8 RGB (SIZE, SIZE, 3) before compositing.

    `truth` is the expected picture outside the boxes; by default the step's target.
    """
    actual = blurred_lab(result)
    before, after = blurred_lab(source.render()), blurred_lab(step.target.render())
    if step.operation == "background":
        inside = _background_right(actual, step.target)
        return EditScore(inside, inside, None)
    places = [place_of(box) for box, _ in step.regions]
    inside = _inside_right(actual, before, after, step, places)
    mask = outside(places)
    db = psnr(result, step.target.render() if truth is None else truth, mask) if mask.any() else None
    return EditScore(inside and (db is None or db >= OUTSIDE_DB), inside, db)


def _inside_right(actual: np.ndarray, before: np.ndarray, after: np.ndarray, step: Step, places: list[Place]) -> bool:
    target = places[-1]
    distance = _distance(actual, after, target)
    if distance >= _distance(actual, before, target):
        return False
    if step.new is None:
        assert step.old is not None
        return distance < min(rivals(actual, step.target, step.old).values())
    if nearest_thing(actual, step.target, step.new) != (step.new.kind, step.new.color):
        return False
    if step.operation == "move":  # the old place must be empty
        return _distance(actual, after, places[0]) < _distance(actual, before, places[0])
    return True


def _background_right(actual: np.ndarray, target: Scene) -> bool:
    page = (0, 0, SIZE, SIZE)
    distances = {b: _distance(actual, blurred_lab(replace(target, background=b).render()), page) for b in BACKGROUNDS}
    return min(distances, key=lambda b: distances[b]) == target.background


def score_generated(scene: Scene, result: np.ndarray, boxes: Sequence[Box]) -> list[bool]:
    """Returns, for each object of a caption, whether the result shows it in its box of the chain."""
    actual = blurred_lab(result)
    verdicts = []
    for thing, box in zip(scene.things, boxes, strict=False):
        x1, y1, x2, y2 = place_of(box)
        if x2 - x1 < 8 or y2 - y1 < 8:
            verdicts.append(False)
            continue
        expected = replace(thing, x=x1, y=y1, width=x2 - x1, height=y2 - y1)
        solo = replace(scene, things=(expected,))
        verdicts.append(nearest_thing(actual, solo, expected) == (thing.kind, thing.color))
    return verdicts + [False] * (len(scene.things) - len(verdicts))
