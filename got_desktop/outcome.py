"""The outcome of one request."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.api.chain import Chain
from got_desktop.times import Times

if TYPE_CHECKING:
    from PIL import Image


@dataclass(frozen=True)
class Outcome:
    chain: Chain
    facts: dict[str, Any]
    """Instruction, chain, boxes and model, and the drawing options if a picture was drawn."""
    written: dict[str, Path] = field(default_factory=dict)
    """The files by kind."""
    source: Image.Image | None = None
    """RGB: the picture that the model saw."""
    result: Image.Image | None = None
    """RGB or RGBA: the picture that was written."""
    times: Times | None = None
    """The engine's time by stage, if a picture was drawn."""
