"""What the window tells the user: one line, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.api.errors import EngineError
from got_desktop.model.error_words import words


@dataclass(frozen=True)
class Message:
    kind: Literal["info", "success", "warning", "error"]
    text: str
    remedy: str = ""

    @classmethod
    def of(cls, error: EngineError) -> Message:
        """In the user's language, where the error's words are known."""
        return cls("error", *words(error))
