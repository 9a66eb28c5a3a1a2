"""Kernels of our own, in Triton, for what PyTorch's are slow at on graphics cards.

Triton comes with torch's builds for graphics cards on Linux, and with no other; without it everything runs by PyTorch.
"""

from __future__ import annotations

import importlib.util
import logging
from functools import cache

import torch

log = logging.getLogger(__name__)


@cache
def usable(device: torch.device) -> bool:
    """Whether such kernels run on the device. Where Triton is there and fails, the engine's log says why."""
    if device.type != "cuda" or importlib.util.find_spec("triton") is None:
        return False
    try:
        from engine.got.kernels.row import Weights, multiply_row

        multiply_row(torch.ones(1, 16, device=device), Weights(torch.ones(16, 16, device=device)))
        torch.cuda.synchronize(device)
    except torch.OutOfMemoryError:
        raise
    except Exception as error:  # of Triton, the system's C compiler and the card's driver: there is no list
        log.warning(
            "PyTorch's kernels are used in place of our own", extra={"fault": f"{type(error).__name__}: {error}"}
        )
        return False
    return True
