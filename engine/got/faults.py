"""Errors of the device: out of memory, and values outside the range of the dtype."""

from __future__ import annotations

import torch

from engine.api.errors import ModelError

_OUT_OF_MEMORY = ("can't allocate memory", "out of memory", "ALLOC_FAILED")


def is_out_of_memory(error: Exception) -> bool:
    """Whether memory ran out. torch has no exception type for this on the CPU and in some GPU libraries."""
    message = str(error)
    is_memory_error = isinstance(error, (torch.OutOfMemoryError, MemoryError))
    return is_memory_error or any(words in message for words in _OUT_OF_MEMORY)


def not_finite(message: str) -> ModelError:
    """The error for a plan or an image that contains infinite or NaN values."""
    return ModelError(
        "result_not_finite", message, "Use --device cpu. If another model works, this model's files may be damaged."
    )
