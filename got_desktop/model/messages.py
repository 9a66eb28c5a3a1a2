"""Messages to the user: one line and the remedy."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from engine.api import language
from engine.api.errors import EngineError

Cause = Literal["", "run", "file"]
"""What a message is about: a run of the engine, or opening or saving a file. The next one makes it out of date."""


@dataclass(frozen=True)
class Message:
    kind: Literal["info", "success", "warning", "error"]
    text: str
    remedy: str = ""
    cause: Cause = field(default="", compare=False)

    @classmethod
    def of(cls, error: EngineError, cause: Cause = "") -> Message:
        """An error as a message in the user's language."""
        return cls("error", *language.words(error), cause)

    def about(self, cause: Cause) -> Message:
        return replace(self, cause=cause)
