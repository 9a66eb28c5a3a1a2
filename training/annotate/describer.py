"""Describers put a pair into words: the protocol, and a describer that needs no model."""

from __future__ import annotations

import re
from typing import Protocol

from PIL import Image

from engine.api.chain import Box
from training.annotate.difference import edit_regions

_ARTICLE = re.compile(r"^(a|an|the) ", re.IGNORECASE)


class Describer(Protocol):
    """Describes pairs. All texts are plain, without a period at the end."""

    doubts: list[str]
    """Unusable answers since the list was last cleared: the question, and what was used instead."""

    def head(self, source: Image.Image, instruction: str, boxes: list[Box]) -> str:
        """Returns the chain's beginning, up to and including the phrase of the first edit box."""
        ...

    def caption(self, image: Image.Image) -> str:
        """Returns what a picture shows; "" if unknown."""
        ...

    def instruction(self, source: Image.Image, target: Image.Image) -> str:
        """Returns an instruction that turns the source into the target; "" if unknown."""
        ...

    def regions(self, source: Image.Image, target: Image.Image, instruction: str) -> list[Box] | None:
        """Returns the edit regions, in the form of `edit_regions`."""
        ...


class Plain:
    """Uses only the texts that come with a pair and the difference of its pictures, without a model."""

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
    """Returns an object's name without its leading article."""
    return _ARTICLE.sub("", name)
