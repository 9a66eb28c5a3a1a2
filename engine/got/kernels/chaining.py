"""Launches kernels while the previous kernel is still running (CUDA's programmatic dependent launch).

In a step of many short kernels, each one would wait a microsecond or two for the GPU to drain and fill again. A kernel
that is launched this way occupies free multiprocessors early and loads weights, which no kernel writes. Before it reads
or writes shared data, it waits for the previous kernel to end (`gdc_wait`), and it lets the next kernel start in the
same way (`gdc_launch_dependents`).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch


@cache
def chained(device: torch.device) -> dict[str, Any]:
    """Launch arguments; CHAINED is true on GPUs of compute capability 9.0 or higher."""
    if device.type != "cuda" or torch.version.hip:
        return {"CHAINED": False}
    able = torch.cuda.get_device_capability(device) >= (9, 0)
    return {"CHAINED": able, "launch_pdl": able}
