"""The planner's interface to the pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

import torch
from PIL import Image
from torch import Tensor, nn

from engine.got.progress import Watch


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A passage of text from a planner."""

    text: str
    """Ends with `<|im_gen_start|>` if an image comes next."""
    asks_for_picture: bool


R = TypeVar("R")


class Planner(Protocol[R]):
    """Writes chains turn by turn, and reads existing ones.

    The whole state of a request is in its reading, an `R`, so requests can be interleaved.
    """

    max_new_tokens: int
    """Limit of a turn's length."""

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """Its networks, by part of the native layout. They are on the device while any method below runs."""
        ...

    def open(self, instruction: str, source_image: Image.Image | None) -> R:
        """Starts a reading with an edit's instruction, or with a caption if there is no source image."""
        ...

    def write(self, reading: R, watch: Watch) -> Passage:
        """Writes the first turn. Raises Cancelled, and ModelError for values out of range."""
        ...

    def go_on(self, reading: R, picture: Image.Image, watch: Watch) -> Passage:
        """Writes the next turn, after the image of the last one. Raises as `write` does."""
        ...

    def read(self, reading: R, turn: str, picture: Image.Image | None) -> None:
        """Reads the text of an existing turn; `picture` is the image of the previous turn, None for the first turn."""
        ...

    def query(self, reading: R) -> Tensor:
        """(1, queries, d): the semantic states of the last turn, for the renderer."""
        ...

    def count_tokens(self, turn: str) -> int:
        """The number of tokens in the text of a turn."""
        ...

    def quantize(self, device: torch.device) -> None:
        """Quantizes weights to 8 bits where the device supports it. Cannot be undone."""
        ...

    def settle(self) -> None:
        """Called when the networks are on a GPU: prepares what speeds up their work there."""
        ...

    def pause(self) -> None:
        """Called when the networks leave the device until they are needed again."""
        ...

    def leave(self) -> None:
        """Called before the networks move permanently: drops what `settle` prepared."""
        ...

    def try_out(self, picture: Image.Image) -> None:
        """Writes a few tokens about this picture, so that the first request does not wait for one-time setup."""
        ...
