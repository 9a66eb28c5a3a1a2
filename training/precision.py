"""The precision that training computes in: bfloat16 where the machine is fast in it, else float32."""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch


def mixed_precision(device: str | torch.device) -> str:
    """accelerate's name for the mixed precision to use on this device: "bf16" or "no"."""
    return "bf16" if _is_fast(device) else "no"


def fast_dtype(device: str | torch.device) -> torch.dtype:
    """bfloat16 where that is faster than float32."""
    return torch.bfloat16 if _is_fast(device) else torch.float32


def autocast(device: str | torch.device) -> AbstractContextManager[object]:
    """Computes in bfloat16 in a `with` block where that is faster than float32."""
    return torch.autocast(torch.device(device).type, torch.bfloat16, enabled=_is_fast(device))


def _is_fast(device: str | torch.device) -> bool:
    """A GPU is. A CPU is with AVX-512, AMX or Arm's instructions; without them, a matrix product of bfloat16 takes 22
    times as long as one of float32 (measured with AVX2)."""
    if str(device) != "cpu":
        return True
    return torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()
