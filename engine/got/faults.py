"""What a device may fail at: memory that runs out, and numbers that leave the range it calculates in."""

from __future__ import annotations

import torch

from engine.api.errors import ModelError

_OUT_OF_MEMORY = ("can't allocate memory", "out of memory", "ALLOC_FAILED")


def is_out_of_memory(error: Exception) -> bool:
    """Whether memory ran out; torch has no type of its own for the CPU's and for that of some GPU libraries."""
    message = str(error)
    known = isinstance(error, (torch.OutOfMemoryError, MemoryError))
    return known or any(words in message for words in _OUT_OF_MEMORY)


def not_finite(message: str) -> ModelError:
    """The error for a plan or a picture that came out as infinite numbers or NaN."""
    return ModelError(
        "result_not_finite", message, "Use --device cpu. If another model works, this model's files may be damaged."
    )
