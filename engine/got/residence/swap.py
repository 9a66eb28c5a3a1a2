"""Offloaded modules: their weights stay in system memory, and copies are moved to the device while they are needed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import chain

import psutil
import torch
from torch import Tensor, nn

from engine.got.faults import is_out_of_memory

PINNED_BLOCK = 2**28
"""Bytes that are pinned at a time. A power of two, as torch would round up any other size."""
_SPARE = 2 * 10**9
"""Bytes of system memory that are left unpinned, because the system cannot page out pinned memory."""
_ALIGNED = 256
"""Alignment in bytes of tensors in a pinned block; suits every dtype and GPU copies."""

log = logging.getLogger(__name__)

Places = list[tuple[dict[str, Tensor | None], str]]
"""(dict, key) of each place that holds a tensor; tied weights have several."""


class OffloadedModules:
    """Models that are copied to a device together, and dropped from it together.

    Inference does not change weights, so leaving the device only drops the copies. Changes must be made to the weights
    in system memory. While this object exists, the modules must not gain or lose weights.
    """

    def __init__(self, models: Sequence[nn.Module], device: torch.device) -> None:
        self.device = device
        self.on_device = False
        """Whether they are on the device or being copied to it."""
        self._stream: torch.cuda.Stream | None = None
        self._weights = _weights(models)
        pinned = PinnedMemory() if device.type == "cuda" else None
        for home, _ in self._weights:
            home.data = pinned.take(home.data) if pinned else home.data.cpu()

    @torch.inference_mode(False)
    @torch.no_grad()
    def fetch(self) -> bool:
        """Starts the copies, without waiting. Returns False if the device has too little memory; then nothing
        changes."""
        if self.on_device:
            return True
        try:  # allocates everything first, so that a failure leaves nothing half done
            copies = [torch.empty_like(home, device=self.device) for home, _ in self._weights]
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            return False
        if self.device.type == "cuda":  # allocated on the computing stream, which may still use that memory
            self._stream = torch.cuda.Stream(self.device)
            self._stream.wait_stream(torch.cuda.current_stream(self.device))
        with torch.cuda.stream(self._stream):  # no effect with None
            for (home, places), copy in zip(self._weights, copies, strict=True):
                copy.copy_(home, non_blocking=True)
                if self._stream is not None:  # the copy may be dropped before it is complete
                    copy.record_stream(self._stream)
                _put(places, nn.Parameter(copy, home.requires_grad) if isinstance(home, nn.Parameter) else copy)
        self.on_device = True
        return True

    def come(self) -> None:
        """Waits for the copies, on the computing stream. Raises torch.OutOfMemoryError."""
        if not self.fetch():
            raise torch.OutOfMemoryError(f"{self.device} is out of memory: there is no room for a model's weights.")
        if self._stream is not None:
            torch.cuda.current_stream(self.device).wait_stream(self._stream)

    def leave(self) -> None:
        """Drops the copies from the device."""
        if self.on_device:
            for home, places in self._weights:
                _put(places, home)
            self.on_device = False

    def stay_home(self) -> None:
        """Drops the copies, and waits until none is in progress, so that the weights may be changed."""
        self.leave()
        if self._stream is not None:
            self._stream.synchronize()


class PinnedMemory:
    """Moves tensors to pinned memory, from which a GPU copies by itself, as long as enough system memory is left.

    torch rounds each pinned allocation up to a power of two, which would turn GoT-6B's 12.8 GB into 18.4 GB; in blocks
    of such a size they take 14.2 GB.
    """

    def __init__(self, block: int = PINNED_BLOCK, pin: bool = True) -> None:
        self.block, self.pin = block, pin
        self._free = torch.empty(0, dtype=torch.uint8)
        self._has_warned = False

    def take(self, tensor: Tensor) -> Tensor:
        """A pinned copy of the tensor; a pageable one if no more memory can be pinned."""
        if tensor.is_pinned():
            return tensor
        try:
            room = self._room(tensor.numel() * tensor.itemsize)
        except (RuntimeError, MemoryError) as error:
            if not self._has_warned:
                log.warning("memory cannot be pinned: weights take longer to the card", extra={"error": str(error)})
            self._has_warned = True
            return tensor.cpu()
        strides = torch.empty_like(tensor, device="meta").stride()  # keeps the channels-last format
        return room.view(tensor.dtype).as_strided(tensor.shape, strides).copy_(tensor)

    def _room(self, size: int) -> Tensor:
        if size > len(self._free):
            block = max(size, self.block)
            if psutil.virtual_memory().available < block + _SPARE:
                raise MemoryError("The machine has too little memory left.")
            self._free = torch.empty(block, dtype=torch.uint8, pin_memory=self.pin)
        room, self._free = self._free[:size], self._free[-(-size // _ALIGNED) * _ALIGNED :]
        return room


def _weights(models: Sequence[nn.Module]) -> list[tuple[Tensor, Places]]:
    """Every parameter and buffer once, with all places that hold it."""
    weights: dict[int, tuple[Tensor, Places]] = {}
    modules = chain.from_iterable(model.modules() for model in models)
    for entries in chain.from_iterable((module._parameters, module._buffers) for module in modules):
        for name, tensor in entries.items():
            if tensor is not None:
                weights.setdefault(id(tensor), (tensor, []))[1].append((entries, name))
    return list(weights.values())


def _put(places: Places, tensor: Tensor) -> None:
    for entries, name in places:
        entries[name] = tensor
