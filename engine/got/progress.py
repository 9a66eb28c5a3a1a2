"""Progress callbacks of a request, and its cancellation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from engine.api.chain import Chain
from engine.api.errors import Cancelled

OnToken = Callable[[str], None]
"""Called with each piece of the chain's text as it is written."""
OnPlanned = Callable[[Chain], None]
"""Called with the chain when a turn is complete, before it is rendered."""
OnStep = Callable[[int, int, int], None]
"""Called after each denoising step with (step, total, turn); steps count from 1, turns from 0."""
OnLatents = Callable[[Tensor], None]
"""Called before each `OnStep` with the step's latents (1, C, h, w), float32, for previews."""
OnDrawing = Callable[[str], None]
"""Called when a stage of rendering begins: "encode", "denoise" or "decode"."""
Cancel = Callable[[], bool]
"""Polled at each token and each step; True ends the request with Cancelled."""


@dataclass(frozen=True)
class Watch:
    """A request's callbacks; each one is optional."""

    on_token: OnToken | None = None
    on_step: OnStep | None = None
    cancel: Cancel | None = None
    on_latents: OnLatents | None = None
    on_drawing: OnDrawing | None = None

    def check(self) -> None:
        """Raises Cancelled if the request was canceled."""
        if self.cancel and self.cancel():
            raise Cancelled()

    def token(self, piece: str) -> None:
        """Reports a token; `piece` is empty if it does not add text yet."""
        self.check()
        if piece and self.on_token:
            self.on_token(piece)

    def drawing(self, part: str) -> None:
        """Reports that a stage of rendering begins."""
        self.check()
        if self.on_drawing:
            self.on_drawing(part)

    def step(self, step: int, total: int, turn: int) -> None:
        """Reports a finished denoising step."""
        self.check()
        if self.on_step:
            self.on_step(step, total, turn)
