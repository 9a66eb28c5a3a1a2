"""Triton kernels for operations that are slow in PyTorch on GPUs.

Triton is part of torch's builds for NVIDIA GPUs on Linux only. Without it PyTorch's own kernels are used.
"""

from __future__ import annotations

import importlib.util
import logging
from functools import cache

import torch
from torch import nn

from engine.got.faults import is_out_of_memory

log = logging.getLogger(__name__)


@cache
def usable(device: torch.device) -> bool:
    """Whether our kernels run on the device. If Triton is installed but fails, the engine's log says why.

    Raises the out-of-memory errors of torch and Triton.
    """
    if device.type != "cuda" or importlib.util.find_spec("triton") is None:
        return False
    try:
        _try(device)
        torch.cuda.synchronize(device)
    except Exception as error:  # Triton, the C compiler and the driver each raise their own types
        if is_out_of_memory(error):
            raise
        log.warning(
            "PyTorch's kernels are used in place of our own", extra={"fault": f"{type(error).__name__}: {error}"}
        )
        return False
    return True


@torch.inference_mode()
def _try(device: torch.device) -> None:
    """Runs each kernel once, with a dtype that every GPU supports."""
    from engine.got.kernels.attention import attend
    from engine.got.kernels.residual import add, group_norm
    from engine.got.kernels.row import Weights, multiply_row

    given = {"device": device, "dtype": torch.float16}
    row, cache = torch.ones(1, 1, 32, **given), torch.zeros(2, 1, 2, 64, 16, **given)
    turn = (torch.ones(16, **given), torch.zeros(16, **given))
    attend(row, row, row, turn, cache[0], cache[1], torch.zeros(1, dtype=torch.long, device=device), 1.0)
    matrix = Weights(torch.ones(32, 32, **given))
    multiply_row(row, matrix, (row.flatten(), 1e-6), matrix)
    picture, norm = torch.ones(1, 32, 4, 4, **given), nn.GroupNorm(8, 32, **given)
    add(group_norm(picture, norm, silu=True), picture, norm.bias)
