"""A chain as it is edited: each of the model's control tokens is shown as one sign. Pure functions."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

SIGNS = {
    "<|box_start|>": "‹",
    "<|box_end|>": "›",
    "<|im_gen_start|>": "■",
    "<|im_gen_end|>": "□",
    "<|vision_start|>": "▸",
    "<|vision_end|>": "◂",
}
_TOKEN = re.compile("|".join(map(re.escape, SIGNS)))
_SIGN = re.compile("|".join(SIGNS.values()))
_TOKENS = {sign: token for token, sign in SIGNS.items()}


@dataclass(frozen=True)
class ShownChain:
    """A chain's text and how it is shown; positions go over from one to the other."""

    raw: str
    shown: str
    starts: tuple[tuple[int, int], ...]
    """(in raw, in shown): where stretches begin that are equal in both, or a token and its sign."""

    @classmethod
    def of(cls, raw: str) -> ShownChain:
        """A text that holds such a sign itself is shown as it is."""
        if _SIGN.search(raw):
            return cls(raw, raw, ((0, 0),))
        shown, starts, at = "", [(0, 0)], 0
        for token in _TOKEN.finditer(raw):
            shown += raw[at : token.start()]
            starts.append((token.start(), len(shown)))
            shown += SIGNS[token.group()]
            starts.append((token.end(), len(shown)))
            at = token.end()
        return cls(raw, shown + raw[at:], tuple(starts))

    def to_shown(self, position: int) -> int:
        """A place in the middle of a token becomes the place before its sign."""
        stretch = bisect_right(self.starts, (position, len(self.shown))) - 1
        raw, shown = self.starts[stretch]
        end = self.starts[stretch + 1][1] if stretch + 1 < len(self.starts) else len(self.shown)
        is_sign = self.shown[shown:end] in _TOKENS and self.raw != self.shown
        return shown if is_sign else shown + position - raw

    def to_raw(self, position: int) -> int:
        places = [shown for _, shown in self.starts]
        raw, shown = self.starts[bisect_right(places, position) - 1]
        return raw + position - shown


def raw_of(shown: str) -> str:
    """What the user typed, as the model writes it."""
    return _SIGN.sub(lambda sign: _TOKENS[sign.group()], shown)
