"""What the window tells the user: one line, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.api import language
from engine.api.errors import EngineError


@dataclass(frozen=True)
class Message:
    kind: Literal["info", "success", "warning", "error"]
    text: str
    remedy: str = ""

    @classmethod
    def of(cls, error: EngineError) -> Message:
        """In the user's language."""
        return cls("error", *language.words(error))
