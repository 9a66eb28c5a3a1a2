"""Schedulers from diffusers, by the names that requests use."""

from __future__ import annotations

from typing import Any, Protocol

import diffusers
import torch
from torch import Tensor

from engine.api.schedulers import SCHEDULERS


class Scheduler(Protocol):
    """The interface of diffusers' schedulers that `denoise` uses."""

    timesteps: Tensor

    @property
    def init_noise_sigma(self) -> float | Tensor: ...

    def set_timesteps(self, num_inference_steps: int, device: torch.device) -> None: ...

    def scale_model_input(self, sample: Tensor, timestep: Tensor) -> Tensor: ...

    def step(self, model_output: Tensor, timestep: Tensor, sample: Tensor, **options: Any) -> Any: ...  # noqa: ANN401


def make_scheduler(name: str, config: dict[str, Any]) -> Scheduler:
    """A new scheduler, one of `SCHEDULERS`, with the noise schedule of the model: the config in its `scheduler/`
    folder."""
    return getattr(diffusers, SCHEDULERS[name]).from_config(config)
