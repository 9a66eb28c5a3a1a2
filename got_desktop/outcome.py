"""What one request came to."""

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
    """Instruction, chain, boxes, model and, where a picture was drawn, how."""
    written: dict[str, Path] = field(default_factory=dict)
    """The files, by what they are."""
    source: Image.Image | None = None
    """RGB: what the model saw."""
    result: Image.Image | None = None
    """RGB or RGBA: what was written."""
    times: Times | None = None
    """What the engine's time went into, where a picture was drawn."""
