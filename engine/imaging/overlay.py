"""Draws a plan on the picture: red boxes with numbered badges, and a legend that describes each box.

Solid: edit region; dashed: object that was only reasoned about. The line style shows the difference, never the color
alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from engine.api.chain import Chain
from engine.imaging.composite import Rectangle, pixel_rectangle

RED = (224, 36, 43)
INK = (38, 38, 42)
MUTED = (112, 112, 120)
PAPER = (255, 255, 255)

_SMALL, _LARGE = 640, 2048  # a picture is shown at its own size if its longer side is between these
_LINE = 2.2  # units: a box's line with its white edge
_BADGE = 5.2  # units: a badge's radius with its white edge
_SMOOTH = 3  # shapes are drawn this much larger and scaled down, for smooth edges


@dataclass(frozen=True)
class Mark:
    """A box to draw."""

    number: int
    rectangle: Rectangle
    label: str
    is_edit: bool


def marks_of_turn(chain: Chain, turn: int, size: tuple[int, int]) -> list[Mark]:
    """The boxes of one turn, numbered from 1, on a picture of `size` (width, height)."""
    return [
        Mark(number, pixel_rectangle(region.box, size), region.phrase, region.is_mask)
        for number, region in enumerate(chain.turns[turn].regions, 1)
    ]


def draw_plan(image: Image.Image, marks: Sequence[Mark], legend: bool = True) -> Image.Image:
    """RGB picture -> RGB picture with the boxes, at a readable size.

    With `legend`, a strip below the picture describes each box.
    """
    scale = readable_scale(image.size)
    size = (round(image.width * scale), round(image.height * scale))
    plan = image.resize(size, Image.Resampling.LANCZOS).convert("RGBA")
    unit = _unit(size)
    shapes = Image.new("RGBA", (size[0] * _SMOOTH, size[1] * _SMOOTH), (0, 0, 0, 0))
    draw = ImageDraw.Draw(shapes)
    largest_first = sorted(marks, key=lambda mark: -_area(mark.rectangle))
    boxes = [_inside(mark.rectangle, scale, size, _LINE / 2 * unit) for mark in largest_first]
    for mark, box in zip(largest_first, boxes, strict=True):
        _draw_box(draw, box, mark.is_edit, unit * _SMOOTH)
    corners = [_inside(mark.rectangle, scale, size, 5.5 * unit) for mark in largest_first]
    for mark, (left, top, *_) in zip(largest_first, corners, strict=True):
        _draw_badge(draw, mark, (left, top), unit * _SMOOTH)
    areas = [side for box in boxes for side in _sides(box, _LINE / 2 * unit * _SMOOTH)]
    areas += [_around(corner[:2], _BADGE * unit * _SMOOTH) for corner in corners]
    plan = Image.alpha_composite(plan, _scaled_down(shapes, areas)).convert("RGB")
    return add_legend(plan, marks) if legend else plan


def readable_scale(size: tuple[int, int]) -> float:
    """The scale that makes a picture of `size` readable: up by a whole number, or down."""
    longest = max(size)
    return math.ceil(_SMALL / longest) if longest < _SMALL else min(1.0, _LARGE / longest)


def _unit(size: tuple[int, int]) -> float:
    """The unit for lines, badges and text, in pixels: it grows with the picture, but more slowly."""
    return 3.2 * (max(size) / 640) ** 0.7


def _area(rectangle: Rectangle) -> int:
    return (rectangle[2] - rectangle[0]) * (rectangle[3] - rectangle[1])


def _inside(
    rectangle: Rectangle, scale: float, size: tuple[int, int], margin: float
) -> tuple[float, float, float, float]:
    """The rectangle on the drawing, moved inside the picture so that its line is not cut off."""
    (width, height), (left, top, right, bottom) = size, (scale * value for value in rectangle)
    across, down = sorted((margin, width - margin)), sorted((margin, height - margin))
    x1, x2 = (min(max(x, across[0]), across[1]) * _SMOOTH for x in (left, right))
    y1, y2 = (min(max(y, down[0]), down[1]) * _SMOOTH for y in (top, bottom))
    return x1, y1, x2, y2


def _around(center: tuple[float, float], reach: float) -> tuple[float, float, float, float]:
    x, y = center
    return x - reach, y - reach, x + reach, y + reach


def _sides(box: tuple[float, float, float, float], reach: float) -> list[tuple[float, float, float, float]]:
    """The areas within `reach` of the box's four sides."""
    left, top, right, bottom = _around(box[:2], reach)[:2] + _around(box[2:], reach)[2:]
    broad = 2 * reach
    return [
        (left, top, right, top + broad),
        (left, bottom - broad, right, bottom),
        (left, top, left + broad, bottom),
        (right - broad, top, right, bottom),
    ]


def _scaled_down(shapes: Image.Image, areas: Sequence[tuple[float, float, float, float]]) -> Image.Image:
    """The shapes at the picture's own size. Most of it is empty, so only the areas that were drawn on are scaled."""
    size = (shapes.width // _SMOOTH, shapes.height // _SMOOTH)
    small = Image.new("RGBA", size)
    for left, top, right, bottom in areas:
        x1, y1 = (max(0, math.floor(start / _SMOOTH)) for start in (left, top))
        x2, y2 = (min(most, math.floor(end / _SMOOTH) + 1) for end, most in zip((right, bottom), size, strict=True))
        part = shapes.crop((x1 * _SMOOTH, y1 * _SMOOTH, x2 * _SMOOTH, y2 * _SMOOTH))
        small.paste(part.resize((x2 - x1, y2 - y1), Image.Resampling.BOX), (x1, y1))
    return small


def _draw_box(draw: ImageDraw.ImageDraw, box: tuple[float, float, float, float], is_edit: bool, unit: float) -> None:
    left, top, right, bottom = box
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    for width, fill in ((_LINE * unit, (255, 255, 255, 205)), (_LINE / 2 * unit, (*RED, 255))):
        for start, end in zip(corners, corners[1:] + corners[:1], strict=True):
            for piece in [(start, end)] if is_edit else _dashes(start, end, 5 * unit):
                _draw_line(draw, piece, width, fill)


def _draw_line(
    draw: ImageDraw.ImageDraw,
    line: tuple[tuple[float, float], tuple[float, float]],
    width: float,
    fill: tuple[int, int, int, int],
) -> None:
    """Draws a horizontal or vertical line with square ends, so that corners close."""
    (x1, y1), (x2, y2) = line
    half = width / 2
    draw.rectangle((min(x1, x2) - half, min(y1, y2) - half, max(x1, x2) + half, max(y1, y2) + half), fill=fill)


def _dashes(
    start: tuple[float, float], end: tuple[float, float], length: float
) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Dashes of about `length` along a line, with one at each end."""
    whole = math.hypot(end[0] - start[0], end[1] - start[1])
    parts = 2 * max(1, round(whole / length / 2)) + 1

    def point(index: int) -> tuple[float, float]:
        part = index / parts
        return start[0] + part * (end[0] - start[0]), start[1] + part * (end[1] - start[1])

    return [(point(index), point(index + 1)) for index in range(0, parts, 2)]


def _draw_badge(draw: ImageDraw.ImageDraw, mark: Mark, center: tuple[float, float], unit: float) -> None:
    fill, text = (RED, PAPER) if mark.is_edit else (PAPER, RED)
    x, y = center
    for radius, color in ((_BADGE * unit, PAPER), (4.7 * unit, RED), (4.1 * unit, fill)):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(*color, 255))
    draw.text(center, str(mark.number), (*text, 255), font(5.4 * unit), "mm", stroke_width=0.12 * unit)


def add_legend(plan: Image.Image, marks: Sequence[Mark]) -> Image.Image:
    """The picture with a white strip below it: number, phrase and kind of each box."""
    unit = _unit(plan.size)
    row, margin = round(13 * unit), round(5 * unit)
    rows = max(1, len(marks))
    strip = Image.new("RGB", (plan.width * _SMOOTH, (rows * row + 2 * margin) * _SMOOTH), PAPER)
    draw = ImageDraw.Draw(strip, "RGBA")
    for index, mark in enumerate(marks):
        _draw_row(draw, mark, (margin + (index + 0.5) * row) * _SMOOTH, strip.width, unit * _SMOOTH)
    if not marks:
        left = 5 * unit * _SMOOTH
        draw.text((left, strip.height / 2), "No boxes: the whole picture", MUTED, font(5.4 * unit * _SMOOTH), "lm")
    strip = strip.resize((plan.width, strip.height // _SMOOTH), Image.Resampling.BOX)
    whole = Image.new("RGB", (plan.width, plan.height + strip.height), PAPER)
    whole.paste(plan, (0, 0))
    whole.paste(strip, (0, plan.height))
    return whole


def _draw_row(draw: ImageDraw.ImageDraw, mark: Mark, y: float, width: int, unit: float) -> None:
    """Draws one line of the legend, centered at `y`."""
    _draw_badge(draw, mark, (9 * unit, y), unit)
    kind = "edit region" if mark.is_edit else "reasoned about"
    kind_face, label_face = font(5 * unit), font(6.2 * unit)
    draw.text((width - 5 * unit, y), kind, MUTED, kind_face, "rm")
    room = width - 25 * unit - kind_face.getlength(kind)
    draw.text((17 * unit, y), shortened(mark.label, label_face, room), INK, label_face, "lm")


def stacked(pictures: Sequence[Image.Image]) -> Image.Image:
    """RGB pictures in a column."""
    whole = Image.new("RGB", (max(p.width for p in pictures), sum(p.height for p in pictures)), PAPER)
    top = 0
    for picture in pictures:
        whole.paste(picture, (0, top))
        top += picture.height
    return whole


def font(size: float) -> ImageFont.FreeTypeFont:
    """Pillow's built-in font, the same on every machine."""
    result = ImageFont.load_default(max(6.0, size))
    assert isinstance(result, ImageFont.FreeTypeFont)  # because a size is given
    return result


def shortened(text: str, typeface: ImageFont.FreeTypeFont, width: float) -> str:
    """The text, shortened with … if it is wider than `width` pixels."""
    if typeface.getlength(text) <= width:
        return text
    while text and typeface.getlength(text + "…") > width:
        text = text[:-1]
    return text.rstrip() + "…"
