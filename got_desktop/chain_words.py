"""A chain as people and programs read it: its boxes and problems, and its text without control tokens."""

from __future__ import annotations

import re
from typing import Any

from engine.api.chain import Chain

_CONTROL_TOKEN = re.compile(r"<\|[^|<>]*\|>")


def boxes(chain: Chain) -> list[dict[str, Any]]:
    """Each box with what it means, as JSON values; `edit` says whether its region is edited."""
    return [
        {
            "box": [region.box.x1, region.box.y1, region.box.x2, region.box.y2],
            "phrase": region.phrase,
            "color": region.color,
            "turn": region.turn,
            "edit": region.is_mask,
        }
        for region in chain.boxes
    ]


def problems(chain: Chain) -> list[dict[str, Any]]:
    """What is wrong in the chain, as JSON values; `start` and `end` count characters of the chain."""
    return [
        {
            "code": problem.code,
            "message": problem.message,
            "remedy": problem.remedy,
            "turn": problem.turn,
            "start": problem.start,
            "end": problem.end,
        }
        for problem in chain.problems
    ]


def readable(chain: Chain) -> str:
    """The chain as a text, a line a turn: [n] stands for the n-th box of its turn, control tokens are left out."""
    lines = []
    for turn in chain.turns:
        text, start = "", turn.start
        for number, region in enumerate(turn.regions, 1):
            text += chain.text[start : region.start] + f"[{number}]"
            start = region.end
        text += chain.text[start : turn.end]
        lines.append(" ".join(_CONTROL_TOKEN.sub(" ", text).split()))
    return "\n".join(lines)
