"""The schedulers for drawing a picture, each declared once. Standard library only, Python 3.10."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

SCHEDULERS = {
    "euler": "EulerDiscreteScheduler",
    "ddpm": "DDPMScheduler",
    "dpm-solver++": "DPMSolverMultistepScheduler",
    "unipc": "UniPCMultistepScheduler",
}
"""Name in requests -> class in diffusers."""

if TYPE_CHECKING:
    Scheduler = str
else:
    Scheduler = Literal[tuple(SCHEDULERS)]  # requests, OpenAPI and the command line accept only these names
