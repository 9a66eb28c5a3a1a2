"""What the pipeline asks of a planner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

import torch
from PIL import Image
from torch import Tensor, nn

from engine.got.progress import Watch


@dataclass(frozen=True, kw_only=True)
class Written:
    """A run of text that a planner wrote."""

    text: str
    """Ends with `<|im_gen_start|>` where a picture comes next."""
    asks_for_picture: bool


R = TypeVar("R")


class Planner(Protocol[R]):
    """Writes chains turn by turn, and reads those that are given.

    All that belongs to a request is in its reading, an `R`, so that requests may take turns.
    """

    max_new_tokens: int
    """A turn that is longer ends there."""

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """Its networks by part of the native layout. They are on the device while any method below runs."""
        ...

    def open(self, instruction: str, source_image: Image.Image | None) -> R:
        """A reading of an edit's instruction, or of a caption where there is no source image."""
        ...

    def write(self, reading: R, watch: Watch) -> Written:
        """Writes the first turn. Raises Cancelled, and ModelError for numbers that are out of range."""
        ...

    def go_on(self, reading: R, drawn: Image.Image, watch: Watch) -> Written:
        """Writes the next turn, after the picture of the last one. Raises as `write` does."""
        ...

    def read(self, reading: R, turn: str, drawn: Image.Image | None) -> None:
        """Takes in the text of a given turn; `drawn` is the picture of the turn before it, None for the first."""
        ...

    def query(self, reading: R) -> Tensor:
        """(1, queries, d): what the last turn means, for the renderer."""
        ...

    def count_tokens(self, turn: str) -> int:
        """How many tokens the text of a turn takes."""
        ...

    def shrink(self, device: torch.device) -> None:
        """Takes 8 bits a weight, for good, where that can be done on the device."""
        ...

    def settle(self) -> None:
        """The networks are on a GPU to work there: whatever makes that quick may be prepared."""
        ...

    def pause(self) -> None:
        """The networks leave the device until they are needed again."""
        ...

    def leave(self) -> None:
        """The networks are moved for good: nothing that `settle` prepared holds any more."""
        ...

    def try_out(self, picture: Image.Image) -> None:
        """Writes a few tokens about that picture, so that the first request does not wait for what only it needs."""
        ...
