"""Sample pictures that ship with the program, and what to change in them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

SAMPLES = Path(__file__).parents[2] / "resources" / "samples"


@dataclass(frozen=True)
class Sample:
    """A sample picture, and what to change in it."""

    image: Path
    instruction: str


def samples(folder: Path = SAMPLES) -> list[Sample]:
    """The samples, in order."""
    entries = json.loads((folder / "samples.json").read_text(encoding="utf-8"))
    return [Sample(folder / entry["image"], entry["instruction"]) for entry in entries]
