"""The schedulers a picture can be denoised with, by the names that requests use."""

from __future__ import annotations

from typing import Any, cast

from diffusers import (
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    UniPCMultistepScheduler,
)

Scheduler = EulerDiscreteScheduler | DDPMScheduler | DPMSolverMultistepScheduler | UniPCMultistepScheduler

SCHEDULERS: dict[str, type[Scheduler]] = {
    "euler": EulerDiscreteScheduler,
    "ddpm": DDPMScheduler,
    "dpm-solver++": DPMSolverMultistepScheduler,
    "unipc": UniPCMultistepScheduler,
}


def make_scheduler(name: str, config: dict[str, Any]) -> Scheduler:
    """A fresh scheduler, one of `SCHEDULERS`, on the model's noise schedule: the config in its `scheduler/` folder."""
    return cast(Scheduler, SCHEDULERS[name].from_config(config))
