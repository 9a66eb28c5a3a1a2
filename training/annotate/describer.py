"""What is said about a pair: the protocol, and the describer that says what came with the pair."""

from __future__ import annotations

import re
from typing import Protocol

from PIL import Image

from engine.api.chain import Box
from training.annotate.difference import edit_regions

_ARTICLE = re.compile(r"^(a|an|the) ", re.IGNORECASE)


class Describer(Protocol):
    """What a model can say about a pair; each text is plain, without a full stop at its end."""

    doubts: list[str]
    """Answers of no use since the list was emptied: what was asked, and what was taken instead."""

    def head(self, source: Image.Image, instruction: str, boxes: list[Box]) -> str:
        """The chain's beginning, up to the words that the first edit box belongs to."""
        ...

    def caption(self, image: Image.Image) -> str:
        """What a picture shows."""
        ...

    def instruction(self, source: Image.Image, target: Image.Image) -> str:
        """What was done to the source."""
        ...

    def regions(self, source: Image.Image, target: Image.Image, instruction: str) -> list[Box] | None:
        """As `edit_regions`."""
        ...


class Plain:
    """Describes with what came with the pair only."""

    def __init__(self) -> None:
        self.doubts: list[str] = []

    def head(self, source: Image.Image, instruction: str, boxes: list[Box]) -> str:
        return "The place to change is"

    def caption(self, image: Image.Image) -> str:
        return ""

    def instruction(self, source: Image.Image, target: Image.Image) -> str:
        return ""

    def regions(self, source: Image.Image, target: Image.Image, instruction: str) -> list[Box] | None:
        return edit_regions(source, target)


def without_article(name: str) -> str:
    """An object's name without the article at its beginning."""
    return _ARTICLE.sub("", name)
