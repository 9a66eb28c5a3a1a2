"""What the pipeline asks of a renderer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from PIL import Image
from torch import Tensor, nn

from engine.api.chain import Region
from engine.got.progress import Watch
from engine.got.renderers.options import RenderOptions
from engine.got.residence.tiers import Tier
from engine.imaging.fit import Fit

S = TypeVar("S")


class Renderer(Protocol[S]):
    """Draws the picture of one turn. What the chain means reaches it as an `S`."""

    @property
    def bridge(self) -> Mapping[str, nn.Module]:
        """The networks that `understand` uses, by part of the native layout: they are where the planner is."""
        ...

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """All others. They are on the device while `draw`, `preview` and `fidelity` run."""
        ...

    def understand(self, states: Tensor) -> S:
        """What the planner's `query` gave, as the renderer takes it."""
        ...

    def draw(
        self,
        meaning: S,
        regions: Sequence[Region],
        reference: Image.Image,
        options: RenderOptions,
        fit: Fit,
        watch: Watch,
        turn: int,
    ) -> Image.Image:
        """The canvas of that turn, counted from 0: `reference` with the edit, or anew where it is black.

        `reference` has the canvas's size, and boxes are placed on it by `fit`. Raises Cancelled, and ModelError for
        numbers that are out of range.
        """
        ...

    def preview(self, latents: Tensor, side: int) -> Image.Image:
        """What a step's latents (1, C, h, w) show by now, its longer side at most `side` pixels."""
        ...

    def fidelity(self, canvas: Image.Image) -> float:
        """PSNR in dB of a picture that the autoencoder has encoded and decoded."""
        ...

    def use(self, tier: Tier, side: int) -> None:
        """Works as the tier has it, for canvases of `side` pixels square."""
        ...

    def arrange(self) -> None:
        """Nobody else uses the networks, and they are to work on a GPU: they may be laid out for it."""
        ...

    def settle(self) -> None:
        """The networks are on a GPU and stay there: whatever makes that quick may be prepared."""
        ...

    def leave(self) -> None:
        """The networks are moved for good: nothing that was prepared holds any more."""
        ...

    def warm_up(self, trial: Callable[[], object]) -> None:
        """After `settle`: does now what takes long, using `trial`, which draws a picture. Raises as that does."""
        ...
