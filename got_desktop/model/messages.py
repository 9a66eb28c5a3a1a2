"""Messages to the user: one line and the remedy."""

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
        """An error as a message in the user's language."""
        return cls("error", *language.words(error))
