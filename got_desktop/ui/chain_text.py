"""A chain for editing: each of the model's control tokens is shown as one sign. Pure functions."""

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
    """The raw and the shown text of a chain; converts positions between them."""

    raw: str
    shown: str
    starts: tuple[tuple[int, int], ...]
    """(position in raw, position in shown) of the start of each part: equal text, or a token and its sign."""

    @classmethod
    def of(cls, raw: str) -> ShownChain:
        """A text that already contains a sign is shown unchanged."""
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
        """A position inside a token becomes the position before its sign."""
        stretch = bisect_right(self.starts, (position, len(self.shown))) - 1
        raw, shown = self.starts[stretch]
        end = self.starts[stretch + 1][1] if stretch + 1 < len(self.starts) else len(self.shown)
        is_sign = self.shown[shown:end] in _TOKENS and self.raw != self.shown
        return shown if is_sign else shown + position - raw

    def to_raw(self, position: int) -> int:
        places = [shown for _, shown in self.starts]
        raw, shown = self.starts[bisect_right(places, position) - 1]
        return raw + position - shown


def signs_in(words: str) -> str:
    """Words about a chain, with the signs that the user sees in place of the model's tokens."""
    return _TOKEN.sub(lambda token: SIGNS[token.group()], words)


def raw_of(shown: str) -> str:
    """Converts shown text back to the model's text."""
    return _SIGN.sub(lambda sign: _TOKENS[sign.group()], shown)
