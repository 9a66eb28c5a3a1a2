"""Kernels that start while the one before them still runs (CUDA's programmatic dependent launch).

In a step of many short kernels, each would wait a microsecond or two for the GPU to drain and fill again. A kernel that
is launched this way takes its places on the GPU as soon as they are free, and loads weights, which no kernel writes.
Then it waits until the kernel before it has ended, before it reads or writes anything that others use (`gdc_wait`), and
it lets the next kernel start in the same way (`gdc_launch_dependents`).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch


@cache
def chained(device: torch.device) -> dict[str, Any]:
    """Arguments for a launch; the kernel's CHAINED is true on GPUs of compute capability 9.0 or higher."""
    if device.type != "cuda" or torch.version.hip:
        return {"CHAINED": False}
    able = torch.cuda.get_device_capability(device) >= (9, 0)
    return {"CHAINED": able, "launch_pdl": able}
