"""Presets: default render options that depend on the model."""

from __future__ import annotations

from typing import Any

from engine.got.files.config import GoTConfig
from engine.got.renderers.options import RenderOptions, demand

PRESETS = ("exact", "fast")
"""exact: the model's defaults, with the same results as the reference; fast: fewer steps and less guidance."""

_FAST_STEPS = 0.4
"""Share of the model's default step count: 20 of the paper's 50."""
_FAST_GUIDANCE = 0.6
"""Share of the steps that are guided; later steps only refine details."""


def preset_options(preset: str, config: GoTConfig) -> dict[str, Any]:
    """The step options of a preset for this model, by the names of `RenderOptions`. Raises RequestError."""
    demand(
        preset in PRESETS,
        "unknown_preset",
        "There is no preset “{preset}”.",
        "Choose {others} or {last}.",
        preset=preset,
        others=", ".join(PRESETS[:-1]),
        last=PRESETS[-1],
    )
    steps, scheduler = config.defaults.num_inference_steps, config.defaults.scheduler
    options = {"guidance_from": 0.0, "guidance_until": 1.0, "cache_interval": 1}
    if preset == "exact":
        return {"num_inference_steps": steps, "scheduler": scheduler, **options}
    fewer = max(1, round(_FAST_STEPS * steps))
    return {"num_inference_steps": fewer, "scheduler": "dpm-solver++", **options, "guidance_until": _FAST_GUIDANCE}


def render_options(
    config: GoTConfig,
    task: str,
    preset: str = "exact",
    **overrides: Any,  # noqa: ANN401 - fields of many types
) -> RenderOptions:
    """The overrides, with the preset's values for this model and task where they are None or missing.

    The task is "edit" or "text_to_image". Raises RequestError.
    """
    defaults = preset_options(preset, config) | {
        "guidance_scales": config.defaults.guidance_scales[task],
        "height": config.image_size,
        "width": config.image_size,
    }
    return RenderOptions(**defaults | {name: value for name, value in overrides.items() if value is not None})
