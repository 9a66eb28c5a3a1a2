"""Handles out-of-memory errors: free memory, use cheaper offload policies, then report the largest size that fits."""

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
    pipeline: GoTPipeline, run: Callable[[], T], on_note: Callable[[Note], None], on_repeat: Callable[[], None]
) -> T:
    """Runs `run`. If memory runs out, the model switches to the next offload policy, and `run` is repeated.

    `on_note` gets a message for each switch, and `on_repeat` is called before each repetition. Raises OutOfMemory after
    the last policy.
    """
    while True:
        for result in _try(run):
            return result
        tier = pipeline.use_less()
        if tier is None:
            raise _too_small(largest_side(pipeline))
        free_memory()
        on_note(
            Note.of(
                "memory_short",
                "The device ran out of memory. From now on, {how}. The job is run again, which takes longer.",
                how=tier.words,
            )
        )
        on_repeat()


def _try(run: Callable[[], T]) -> list[T]:
    """[result], or [] if memory ran out; all memory of the failed attempt is free then."""
    try:
        return [run()]
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
    free_memory()  # after the except block, where no traceback holds the attempt's tensors
    return []


def largest_side(pipeline: GoTPipeline) -> int | None:
    """Side of the largest square that one step can be rendered at, found by trial; None if even the smallest fails."""
    side = pipeline.config.image_size
    while side >= SMALLEST:
        if _try(partial(pipeline.try_out, side)):
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
