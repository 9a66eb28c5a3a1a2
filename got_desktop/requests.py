"""Requests of the commands: dataclasses that check their values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.api.errors import OutputError
from engine.api.formats import OPENRASTER, READ_SUFFIXES
from engine.api.options import check
from engine.api.protocol import EditOptions, GenerateOptions
from engine.api.requests import check_words


@dataclass(frozen=True, kw_only=True)
class PlanRequest:
    """Write the chain for an edit of `source` or, without one, for a new picture."""

    instruction: str
    source: Path | None = None
    model: str = "got-mini"
    """A name from the catalog, or a folder."""
    device: str = "auto"
    chain_output: Path | None = None
    boxes_overlay: Path | None = None
    force: bool = False
    """Replace files that exist."""

    def __post_init__(self) -> None:
        check_words("instruction" if self.source else "caption", self.instruction)
        if self.chain_output and self.chain_output.suffix.lower() in (*READ_SUFFIXES, OPENRASTER):
            raise OutputError(
                "chain_as_picture",
                "{path} is the name of a picture, but a chain is text.",
                "Choose a name such as {example}.",
                path=self.chain_output,
                example=self.chain_output.with_suffix(".txt").name,
            )
        files = [path.resolve() for path in self.outputs()]
        if len(set(files)) < len(files):
            raise OutputError(
                "output_twice", "{path} is used for two outputs.", "Use a different file for each.", path=files[0]
            )

    def outputs(self) -> list[Path]:
        """All files to be written."""
        return [path for path in (self.chain_output, self.boxes_overlay) if path]


@dataclass(frozen=True, kw_only=True)
class RenderRequest(PlanRequest):
    """Plan, or use the chain in a file, and draw it: an edit of `source` or, without one, a new picture."""

    output: Path
    chain: Path | None = None
    drawing: EditOptions | GenerateOptions
    facts: bool = True
    """Store the edit's facts in a PNG."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check(self.drawing)

    def outputs(self) -> list[Path]:
        return [self.output, *super().outputs()]


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """Convert a released checkpoint."""

    folder: Path
    output: Path
    checkpoint: str = "GoT-6B"
    dtype: Literal["float32", "float16", "bfloat16"] | None = None
    """The type that weights are stored as; None keeps the checkpoint's."""
    source_size: int = 448
