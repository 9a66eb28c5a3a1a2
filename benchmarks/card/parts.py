"""The parts of a measurement on a card. Each runs in a process of its own, and says figures as they come."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

Figures = dict[str, Any]


@dataclass(frozen=True)
class Options:
    """What all parts are asked for, and what only some of them look at."""

    device: str = "cuda"
    small: bool = False
    """A model of a few megabytes instead of one of GoT-6B's size."""
    tokens: int = 300
    """Of the chain."""
    steps: int = 50
    """Of the plain loop and the default; the fast preset takes its share of them."""
    pairs: int = 3
    weights: str = "exact"
    """What the default's UNet has (`engine.got.residence.quantize.WEIGHTS`)."""
    caps: tuple[float, ...] = (24, 16, 12, 8)
    """Gigabytes that a card is made out to have."""
    seconds: float = 60
    """That the part has."""

    @property
    def where(self) -> torch.device:
        return torch.device("cuda", torch.cuda.current_device()) if self.device == "cuda" else torch.device(self.device)

    @property
    def dtype(self) -> torch.dtype:
        """What the random model calculates in."""
        return torch.float32 if self.small and self.device == "cpu" else torch.bfloat16


Say = Callable[[Figures], None]
"""Takes figures that are there; what has the same name as an earlier one replaces it."""


@dataclass(frozen=True)
class Part:
    about: str
    share: float
    """Of the time that all parts have; what one leaves goes to those after it."""
    module: str
    """Of `benchmarks.card`; its `measure(options, say)` runs."""


PARTS: dict[str, Part] = {
    "tests": Part("the tests that need a card", 0.12, "gpu_tests"),
    "edits": Part("an edit by the plain loop, the default and the fast preset", 0.22, "edits"),
    "tiers": Part("the default with the card's memory capped", 0.24, "tiers"),
    "lora": Part("a training step with LoRA", 0.14, "lora"),
    "mini": Part("training got-mini", 0.12, "mini"),
    "kernels": Part("where the device's time goes, and what other ways of laying out take", 0.16, "kernels"),
}


class Record:
    """Figures on disk, a line of JSON each, so that what was measured stays whatever comes after it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, part: str, figures: Figures) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"part": part, "at": round(time.time()), **figures}) + "\n")

    def read(self) -> dict[str, Figures]:
        """All figures by part, the last of each name."""
        found: dict[str, Figures] = {}
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
        for line in lines:
            row = json.loads(line)
            found.setdefault(row.pop("part"), {}).update(row)
        return found
