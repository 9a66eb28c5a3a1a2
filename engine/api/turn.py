"""A turn of the GoT chain: its text and the phrases, boxes and colors in it (sec. 3.1). Standard library only."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.api.notes import Note

COLORS: dict[str, tuple[int, int, int]] = {
    "red": (255, 0, 0),
    "green": (0, 128, 0),
    "blue": (0, 0, 255),
    "yellow": (255, 255, 0),
    "purple": (128, 0, 128),
    "orange": (255, 165, 0),
    "cyan": (0, 255, 255),
    "pink": (255, 192, 203),
    "brown": (165, 42, 42),
    "lime": (0, 255, 0),
    "navy": (0, 0, 128),
    "gold": (255, 215, 0),
    "teal": (0, 128, 128),
    "magenta": (255, 0, 255),
    "olive": (128, 128, 0),
    "gray": (128, 128, 128),
    "white": (255, 255, 255),
}
"""Mask colors and their RGB values (as in CSS), in the order in which the boxes of a turn use them."""

IM_GEN_START = "<|im_gen_start|>"
BOX_START, BOX_END = "<|box_start|>", "<|box_end|>"
TURN_TOKENS = frozenset({"<|im_gen_end|>", "<|vision_start|>", "<|vision_end|>"})
"""Control tokens that the model itself writes between two turns."""

LIMIT = 1000
"""Coordinates are integers in [0, LIMIT], relative to the picture's width and height; LIMIT is its far edge."""

_TOKEN = re.compile(r"<\|[^|<>]*\|>")
_CORNERS = re.compile(r"\(([0-9]+),([0-9]+)\),\(([0-9]+),([0-9]+)\)")
_COLOR = re.compile(r" ?\(([^()<>|]*)\)")
_BREAK = re.compile(r"[.,;:!?\n()]|<\|[^|<>]*\|>")
_WORD = re.compile(r"[^\s]+")
_ARTICLES = frozenset("a an the another this that these those its his her their my your our one two three four".split())
_TRAILING = frozenset("is are was were at in on to of from into onto with as by be here there".split())


@dataclass(frozen=True)
class Box:
    """A box: integers in [0, LIMIT], x1 < x2 and y1 < y2. Raises ValueError otherwise."""

    x1: int
    y1: int
    x2: int
    y2: int

    def __post_init__(self) -> None:
        if not (0 <= self.x1 < self.x2 <= LIMIT and 0 <= self.y1 < self.y2 <= LIMIT):
            raise ValueError(f"({self.x1},{self.y1}),({self.x2},{self.y2}) is not a box within [0,{LIMIT}]")

    def pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Corners in a picture of width × height pixels, rounded down to whole pixels; both belong to the box.

        At the picture's edge this is its last pixel, as when a rectangle is drawn on a canvas.
        """
        return (
            self.x1 * width // LIMIT,
            self.y1 * height // LIMIT,
            min(self.x2 * width // LIMIT, width - 1),
            min(self.y2 * height // LIMIT, height - 1),
        )

    @property
    def area(self) -> int:
        return (self.x2 - self.x1) * (self.y2 - self.y1)

    def iou(self, other: Box) -> float:
        """Intersection over union, in [0, 1]."""
        wide = min(self.x2, other.x2) - max(self.x1, other.x1)
        high = min(self.y2, other.y2) - max(self.y1, other.y1)
        shared = max(0, wide) * max(0, high)
        return shared / (self.area + other.area - shared)

    def moved(self, dx: int, dy: int) -> Box:
        """A box of the same size elsewhere; it stops at the picture's edges."""
        dx = min(max(dx, -self.x1), LIMIT - self.x2)
        dy = min(max(dy, -self.y1), LIMIT - self.y2)
        return Box(self.x1 + dx, self.y1 + dy, self.x2 + dx, self.y2 + dy)


@dataclass(frozen=True)
class Region:
    """A well-formed box in a chain. It becomes a mask if `color` is one of COLORS."""

    id: int
    """Its index among the chain's well-formed boxes."""
    turn: int
    phrase: str
    """The words before the box that describe its content; may be empty."""
    box: Box
    color: str | None
    """The word in parentheses after the box. None: an object that was only reasoned about."""
    start: int
    end: int
    """Position of the box and its color in the chain's text."""
    phrase_start: int
    """Start of the phrase, which ends before the space that precedes the box."""

    @property
    def is_mask(self) -> bool:
        return self.color in COLORS


@dataclass(frozen=True)
class Problem:
    """A part of the text that has no effect although it looks as if it should, or a different effect than it says."""

    code: str
    parts: tuple[Note, Note]
    """Message and remedy with their templates and values."""
    start: int
    end: int
    turn: int

    @property
    def message(self) -> str:
        """In English, like the remedy."""
        return self.parts[0].text

    @property
    def remedy(self) -> str:
        return self.parts[1].text

    @property
    def loses_box(self) -> bool:
        """Whether an edit box may have been intended here, which makes no mask."""
        return self.code not in ("no_color", "out_of_range", "unknown_token")


@dataclass(frozen=True)
class Turn:
    """The text of one picture, up to and including its `<|im_gen_start|>`."""

    index: int
    text: str
    start: int
    regions: tuple[Region, ...]
    problems: tuple[Problem, ...]

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def finished(self) -> bool:
        return self.text.endswith(IM_GEN_START)

    @property
    def mask_regions(self) -> tuple[Region, ...]:
        """The boxes that become masks in this turn's spatial guidance (sec. 4.3): those with a known color."""
        return tuple(r for r in self.regions if r.is_mask)

    @property
    def lost(self) -> Problem | None:
        """Why this turn has no mask although it contains boxes. None: it has a mask, or no boxes.

        Without a mask the whole picture changes, which is allowed only in a turn that has no boxes.
        """
        if self.mask_regions:
            return None
        lost = [problem for problem in self.problems if problem.loses_box]
        return next(filter(self._has_color, lost), lost[0] if lost else None)

    def _has_color(self, problem: Problem) -> bool:
        """Whether the box in question ends with a color in parentheses, so that it was meant as an edit box."""
        return self.text[problem.start - self.start : problem.end - self.start].endswith(")")


def format_box(box: Box, color: str | None = None) -> str:
    """The box as the model writes it, with its color in parentheses if it has one."""
    text = f"{BOX_START}({box.x1},{box.y1}),({box.x2},{box.y2}){BOX_END}"
    return text if color is None else f"{text} ({color})"


def escape_user_text(text: str) -> str:
    """Neutralizes control tokens in a user's text: a space splits each `<|` and `|>`."""
    return text.replace("<|", "< |").replace("|>", "| >")


class TurnReader:
    """Parses one turn: well-formed boxes become regions, everything else that looks like a box a problem."""

    def __init__(self, index: int, text: str, start: int, first_id: int) -> None:
        self.index, self.text, self.start, self.first_id = index, text, start, first_id
        self.regions: list[Region] = []
        self.problems: list[Problem] = []

    def read(self) -> Turn:
        at = 0
        while token := _TOKEN.search(self.text, at):
            at = self._box(token) if token.group() == BOX_START else self._other(token)
        return Turn(self.index, self.text, self.start, tuple(self.regions), tuple(self.problems))

    def _other(self, token: re.Match[str]) -> int:
        name = token.group()
        if name == BOX_END:
            self._report(
                "stray_box_end",
                "This end of a box has no beginning.",
                "Add {token} before the corners.",
                token.span(),
                token=BOX_START,
            )
        elif name != IM_GEN_START and name not in TURN_TOKENS:
            self._report("unknown_token", "{name} is not allowed in a chain.", "Delete it.", token.span(), name=name)
        return token.end()

    def _box(self, token: re.Match[str]) -> int:
        close = _TOKEN.search(self.text, token.end())
        if close is None or close.group() != BOX_END:
            self._report(
                "unclosed_box", "This box is not closed.", "Add {token} after the corners.", token.span(), token=BOX_END
            )
            return token.end()
        end = close.end()
        color = _COLOR.match(self.text, end)
        if color and (color.group(1) in COLORS or color.group(1).isalpha()):
            end = color.end()
        else:
            color = None
        span = (token.start(), end)
        box = self._corners(self.text[token.end() : close.start()], span)
        if box is not None:
            self._region(box, color.group(1) if color else None, span)
        return end

    def _corners(self, body: str, span: tuple[int, int]) -> Box | None:
        match = _CORNERS.fullmatch(body)
        if match is None:
            self._report(
                "broken_corners", "“{body}” is not a pair of corners.", "Write (x1,y1),(x2,y2).", span, body=body
            )
            return None
        # Python refuses to parse thousands of digits; a number of more than nine digits lies beyond the edge anyway
        coordinates = [int(digits.lstrip("0")[:9] or "0") for digits in match.groups()]
        x1, y1, x2, y2 = (min(value, LIMIT) for value in coordinates)
        if x1 >= x2 or y1 >= y2:
            self._report(
                "empty_box",
                "“{body}” has no area in the picture.",
                "Write the top-left corner first, with coordinates from 0 to {limit}.",
                span,
                body=body,
                limit=LIMIT,
            )
            return None
        if max(coordinates) > LIMIT:
            self._report(
                "out_of_range",
                "“{body}” extends beyond the picture and is cut off at its edge.",
                "Use values from 0 to {limit}.",
                span,
                body=body,
                limit=LIMIT,
            )
        return Box(x1, y1, x2, y2)

    def _region(self, box: Box, color: str | None, span: tuple[int, int]) -> None:
        begin, phrase = self._phrase(span[0])
        number = self.first_id + len(self.regions)
        start, end = (self.start + v for v in span)
        self.regions.append(Region(number, self.index, phrase, box, color, start, end, self.start + begin))
        if color is None:
            self._report(
                "no_color", "This box has no color.", "Add one, such as (red), if this region should change.", span
            )
        elif color not in COLORS:
            self._report(
                "unknown_color",
                "“{color}” is not a mask color.",
                "Use one of {names}.",
                span,
                color=color,
                names=", ".join(COLORS),
            )

    def _phrase(self, end: int) -> tuple[int, str]:
        """(start, words): from the last article before the box, else its last four words."""
        stretch = self.text[:end]
        begin = max((m.end() for m in _BREAK.finditer(stretch)), default=0)
        words = list(_WORD.finditer(stretch, begin))
        while words and words[-1].group().lower() in _TRAILING:
            words.pop()
        if not words:
            return len(stretch.rstrip(" ")), ""
        articles = [i for i, w in enumerate(words) if w.group().lower() in _ARTICLES]
        first = articles[-1] if articles else max(0, len(words) - 4)
        return words[first].start(), stretch[words[first].start() : words[-1].end()]

    def _report(self, code: str, message: str, remedy: str, span: tuple[int, int], **values: object) -> None:
        parts = (Note.of(code, message, **values), Note.of(code, remedy, **values))
        start, end = span
        self.problems.append(Problem(code, parts, self.start + start, self.start + end, self.index))
