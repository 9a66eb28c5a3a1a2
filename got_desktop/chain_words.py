"""A chain in readable form: boxes and problems as JSON values, and the text without control tokens."""

from __future__ import annotations

import re
from typing import Any

from engine.api.chain import Chain

_CONTROL_TOKEN = re.compile(r"<\|[^|<>]*\|>")


def boxes(chain: Chain) -> list[dict[str, Any]]:
    """All boxes as JSON values; `edit` says whether the region is edited."""
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
    """The chain's problems as JSON values; `start` and `end` are character positions in the chain."""
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
    """The chain as text, one line per turn: [n] stands for the turn's n-th box; control tokens are left out."""
    lines = []
    for turn in chain.turns:
        text, start = "", turn.start
        for number, region in enumerate(turn.regions, 1):
            text += chain.text[start : region.start] + f"[{number}]"
            start = region.end
        text += chain.text[start : turn.end]
        lines.append(" ".join(_CONTROL_TOKEN.sub(" ", text).split()))
    return "\n".join(lines)
