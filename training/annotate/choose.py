"""Chooses the describer for a model's name or folder."""

from __future__ import annotations

from pathlib import Path

from training.annotate.describer import Describer, Plain


def make_describer(model: str | None, device: str = "cpu") -> Describer:
    """Returns the describer for a GoT model's name or folder or a Qwen2.5-VL folder; `Plain` for None."""
    if model is None:
        return Plain()
    if (Path(model) / "config.json").is_file():
        from training.annotate.qwen import QwenDescriber

        return QwenDescriber(Path(model), device)
    from engine.models.catalog import resolve
    from training.annotate.planner import PlannerDescriber

    return PlannerDescriber(resolve(model), device)
