"""What happens when the device's memory is too small: free it, try with less and less, then say what fits."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from engine.api.errors import OutOfMemory
from engine.api.notes import Note
from engine.got import GoTPipeline
from engine.got.faults import is_out_of_memory
from engine.jobs.shelf import free_memory

T = TypeVar("T")

SMALLEST = 64
_SHRINK = 0.75


def within_memory(
    pipeline: GoTPipeline, run: Callable[[], T], note: Callable[[Note], None], again: Callable[[], None]
) -> T:
    """Runs it; where memory is short, the model takes the next tier, keeps to it, and it is run again.

    `note` is told of each tier, `again` that it begins anew. Raises OutOfMemory after the last tier.
    """
    while True:
        for made in _fits(run):
            return made
        tier = pipeline.use_less()
        if tier is None:
            raise _too_small(largest_side(pipeline))
        free_memory()
        note(
            Note.of(
                "memory_short",
                "The device ran out of memory. From now on, {how}. The job is run again, which takes longer.",
                how=tier.words,
            )
        )
        again()


def _fits(run: Callable[[], T]) -> list[T]:
    """What it gives; nothing where memory is short, and all that the attempt held is free again then."""
    try:
        return [run()]
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    free_memory()  # here, where no traceback holds the attempt's tensors any more
    return []


def largest_side(pipeline: GoTPipeline) -> int | None:
    """The largest square that one step can be drawn at, found by trying; None where not even the smallest can."""
    side = pipeline.config.image_size
    while side >= SMALLEST:
        if _fits(partial(pipeline.try_out, side)):
            return side
        side = int(side * _SHRINK) // 8 * 8
    return None


def _too_small(side: int | None) -> OutOfMemory:
    return OutOfMemory(
        "out_of_memory",
        "The device does not have enough memory for this. At the moment, {side}×{side} fits."
        if side
        else "The device does not have enough memory for this. At the moment, no size fits.",
        "Close other programs, choose a smaller size or model, or use --device cpu.",
        side=side or 0,
    )
