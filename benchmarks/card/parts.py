"""The parts of a GPU measurement. Each runs in a process of its own and reports figures as they are measured."""

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
    """Options of all parts; some apply only to certain parts."""

    device: str = "cuda"
    small: bool = False
    """A model of a few megabytes instead of one of GoT-6B's size."""
    tokens: int = 300
    """Tokens in the chain."""
    steps: int = 50
    """Steps of the plain loop and the default; the fast preset takes its share of them."""
    pairs: int = 3
    weights: str = "exact"
    """Quantization of the default's UNet (`engine.got.residence.quantize.WEIGHTS`)."""
    caps: tuple[float, ...] = (24, 16, 12, 8)
    """Memory limits in gigabytes that simulate smaller GPUs."""
    seconds: float = 60
    """Time limit of the part."""

    @property
    def where(self) -> torch.device:
        return torch.device("cuda", torch.cuda.current_device()) if self.device == "cuda" else torch.device(self.device)

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the random model."""
        return torch.float32 if self.small and self.device == "cpu" else torch.bfloat16


Say = Callable[[Figures], None]
"""Called with figures as they are measured; new ones replace earlier ones with the same name."""


@dataclass(frozen=True)
class Part:
    about: str
    share: float
    """Share of the total time; time that a part leaves goes to the next ones."""
    module: str
    """A module of `benchmarks.card`; its `measure(options, say)` is run."""


PARTS: dict[str, Part] = {
    "tests": Part("the tests that need a card", 0.12, "gpu_tests"),
    "edits": Part("an edit by the plain loop, the default and the fast preset", 0.22, "edits"),
    "tiers": Part("the default with the card's memory capped", 0.24, "tiers"),
    "lora": Part("a training step with LoRA", 0.14, "lora"),
    "mini": Part("training got-mini", 0.12, "mini"),
    "kernels": Part("where the device's time goes, and what other ways of laying out take", 0.16, "kernels"),
}


class Record:
    """Figures on disk, one JSON object per line, so that they survive a later crash."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, part: str, figures: Figures) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"part": part, "at": round(time.time()), **figures}) + "\n")

    def read(self) -> dict[str, Figures]:
        """All figures by part; for each name, the last one."""
        parts: dict[str, Figures] = {}
        lines = self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else []
        for line in lines:
            row = json.loads(line)
            parts.setdefault(row.pop("part"), {}).update(row)
        return parts
