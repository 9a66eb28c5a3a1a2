"""The schedulers that a picture can be drawn with, each declared once. Standard library only, Python 3.10."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

SCHEDULERS = {
    "euler": "EulerDiscreteScheduler",
    "ddpm": "DDPMScheduler",
    "dpm-solver++": "DPMSolverMultistepScheduler",
    "unipc": "UniPCMultistepScheduler",
}
"""The name that requests use -> the class in diffusers."""

if TYPE_CHECKING:
    Scheduler = str
else:
    Scheduler = Literal[tuple(SCHEDULERS)]  # requests, OpenAPI and the command line take these names and no others
