"""What a caller hears of a request while it runs, and how it ends one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from engine.api.chain import Chain
from engine.api.errors import Cancelled

OnToken = Callable[[str], None]
"""Called with each piece of the chain's text as it is written."""
OnPlanned = Callable[[Chain], None]
"""Called when a turn of the chain is written and is to be drawn."""
OnStep = Callable[[int, int, int], None]
"""Called after each denoising step with (step, total, turn); steps count from 1, turns from 0."""
OnLatents = Callable[[Tensor], None]
"""Called before each `OnStep` with the step's latents (1, C, h, w), float32, for those who show a preview."""
OnDrawing = Callable[[str], None]
"""Called when a part of a picture's drawing begins: "encode", "denoise" and "decode"."""
Cancel = Callable[[], bool]
"""Asked at each token and each step; True ends the request with Cancelled."""


@dataclass(frozen=True)
class Watch:
    """A request's callbacks, of which any may be missing."""

    on_token: OnToken | None = None
    on_step: OnStep | None = None
    cancel: Cancel | None = None
    on_latents: OnLatents | None = None
    on_drawing: OnDrawing | None = None

    def check(self) -> None:
        """Raises Cancelled if the caller wants no more."""
        if self.cancel and self.cancel():
            raise Cancelled()

    def token(self, piece: str) -> None:
        """A token was written; `piece` is empty where it shows nothing yet."""
        self.check()
        if piece and self.on_token:
            self.on_token(piece)

    def drawing(self, part: str) -> None:
        """A part of a picture's drawing begins."""
        self.check()
        if self.on_drawing:
            self.on_drawing(part)

    def step(self, step: int, total: int, turn: int) -> None:
        """A denoising step was made."""
        self.check()
        if self.on_step:
            self.on_step(step, total, turn)
