"""The renderer's interface to the pipeline."""

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
    """Renders the image of one turn. An `S` holds the meaning of the chain."""

    @property
    def bridge(self) -> Mapping[str, nn.Module]:
        """The networks that `understand` uses, by part of the native layout. They are placed with the planner."""
        ...

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """All other networks. They are on the device while `draw`, `preview` and `fidelity` run."""
        ...

    def understand(self, states: Tensor) -> S:
        """Converts the states from the planner's `query` to the renderer's semantic guidance."""
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
        """Renders the canvas of a turn, counted from 0: an edit of `reference`, or a new image if it is black.

        `reference` has the canvas's size, and `fit` maps the boxes onto it. Raises Cancelled, and ModelError for values
        out of range.
        """
        ...

    def preview(self, latents: Tensor, side: int) -> Image.Image:
        """A preview of a step's latents (1, C, h, w); its longer side has at most `side` pixels."""
        ...

    def fidelity(self, canvas: Image.Image) -> float:
        """PSNR in dB of a picture after encoding and decoding by the autoencoder."""
        ...

    def use(self, tier: Tier, side: int) -> None:
        """Applies an offload policy, for canvases of `side` × `side` pixels."""
        ...

    def arrange(self) -> None:
        """Called when the networks are exclusively ours and will run on a GPU: may change their memory format."""
        ...

    def settle(self) -> None:
        """Called when the networks are on a GPU and stay there: prepares what speeds up their work there."""
        ...

    def leave(self) -> None:
        """Called before the networks move permanently: drops what was prepared."""
        ...

    def warm_up(self, trial: Callable[[], object]) -> None:
        """After `settle`: does slow one-time work with `trial`, which renders an image. Raises as `trial` does."""
        ...
