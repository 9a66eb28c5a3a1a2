"""Work recorded once as a CUDA graph and played again: a GPU's kernels are launched as one instead of one by one.

Launching takes the processor longer than the GPU takes to compute, for a token's step of a 3B model and, beside a fast
GPU, for a whole pass of SDXL's UNet. What is recorded must find its tensors where they were, and ask nothing of the
host.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import torch

log = logging.getLogger(__name__)


def recorded(run: Callable[[], None], device: torch.device, pool: Any = None) -> Callable[[], None]:  # noqa: ANN401
    """The same as a CUDA graph, in a pool of memory that others may share. Where none can be recorded: as it is.

    Raises torch.OutOfMemoryError.
    """
    if device.type != "cuda":
        return run
    with torch.cuda.device(device):
        graph, aside = torch.cuda.CUDAGraph(), torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):  # once before, as libraries make their workspaces at the first call
            run()
        torch.cuda.current_stream().wait_stream(aside)
        try:
            # other threads may use the card meanwhile: they draw previews and ask for its memory
            with torch.cuda.graph(graph, pool, capture_error_mode="thread_local"):
                run()
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            log.warning("this runs without a CUDA graph", extra={"fault": str(error)})
            return run
    return graph.replay
