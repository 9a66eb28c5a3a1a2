"""Validates a model during training on held-out pairs: figures, and a sheet of pictures."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from engine.got.files.checkpoint import Components
from training.data.manifest import Row
from training.evaluate.edits import measure
from training.finetune.config import FinetuneConfig


def validate(
    components: Components, parts: dict[str, nn.Module], held_out: list[Row], config: FinetuneConfig, sheet: Path
) -> dict[str, float | None]:
    """Returns mean figures over the configured number of held-out pairs; writes their pictures to the file `sheet`."""
    settings = config.validation
    rows = held_out[: settings.samples]
    if not rows:
        return {}
    steps = settings.num_inference_steps or None
    with torch.random.fork_rng():
        modes = {name: part.training for name, part in parts.items()}
        for part in parts.values():
            part.eval()
        figures = measure(components, rows, steps, sheet, config.pictures.guidance)
        for name, part in parts.items():
            part.train(modes[name])
    return figures
