"""Models that go to a device and leave it again: their weights keep a home in the machine's memory, and copies go."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import chain

import psutil
import torch
from torch import Tensor, nn

from engine.got.faults import is_out_of_memory

PINNED_BLOCK = 2**28
"""Bytes that are pinned at a time: a power of two, which torch would round them up to."""
_SPARE = 2 * 10**9
"""Bytes of the machine's memory that stay free of what is pinned: the system cannot page that out."""
_ALIGNED = 256
"""Where a tensor begins in a block, in bytes: at a multiple of this, which suits every dtype and a card's copies."""

log = logging.getLogger(__name__)

Places = list[tuple[dict[str, Tensor | None], str]]
"""Where modules hold one tensor: tied weights have more than one place."""


class Commuters:
    """Models that go to a device together, and home.

    Inference does not change weights, so to leave is to forget the copies. What changes them changes those at home.
    Modules may not get or lose weights as long as this is used.
    """

    def __init__(self, models: Sequence[nn.Module], device: torch.device) -> None:
        self.device = device
        self.here = False
        """They are on the device, or on their way."""
        self._stream: torch.cuda.Stream | None = None
        self._weights = _weights(models)
        pinned = PinnedMemory() if device.type == "cuda" else None
        for home, _ in self._weights:
            home.data = pinned.take(home.data) if pinned else home.data.cpu()

    @torch.inference_mode(False)
    @torch.no_grad()
    def fetch(self) -> bool:
        """Sends them on their way, and does not wait. False where there is no room: then they stay at home."""
        if self.here:
            return True
        try:  # all the room first: where it does not suffice, nothing was begun
            copies = [torch.empty_like(home, device=self.device) for home, _ in self._weights]
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            return False
        if self.device.type == "cuda":  # the room is of the stream that computes, which may still be using it
            self._stream = torch.cuda.Stream(self.device)
            self._stream.wait_stream(torch.cuda.current_stream(self.device))
        with torch.cuda.stream(self._stream):  # with None, nothing is done
            for (home, places), copy in zip(self._weights, copies, strict=True):
                copy.copy_(home, non_blocking=True)
                if self._stream is not None:  # it may be forgotten before it has arrived
                    copy.record_stream(self._stream)
                _put(places, nn.Parameter(copy, home.requires_grad) if isinstance(home, nn.Parameter) else copy)
        self.here = True
        return True

    def come(self) -> None:
        """They are needed now: what is computed from here on waits for them. Raises torch.OutOfMemoryError."""
        if not self.fetch():
            raise torch.OutOfMemoryError(f"{self.device} is out of memory: there is no room for a model's weights.")
        if self._stream is not None:
            torch.cuda.current_stream(self.device).wait_stream(self._stream)

    def leave(self) -> None:
        """They are at home, and their room on the device is free."""
        if self.here:
            for home, places in self._weights:
                _put(places, home)
            self.here = False

    def stay_home(self) -> None:
        """They are at home, and may be changed: nothing is being copied from there any more."""
        self.leave()
        if self._stream is not None:
            self._stream.synchronize()


class PinnedMemory:
    """Takes tensors into memory that a card reads by itself, as long as the machine can spare it.

    torch rounds up each piece that it pins to a power of two, which would make 18.4 GB of GoT-6B's 12.8; in blocks of
    such a size they take 14.2.
    """

    def __init__(self, block: int = PINNED_BLOCK, pin: bool = True) -> None:
        self.block, self.pin = block, pin
        self._free = torch.empty(0, dtype=torch.uint8)
        self._said = False

    def take(self, tensor: Tensor) -> Tensor:
        """Its values, pinned; pageable where no more can be pinned."""
        if tensor.is_pinned():
            return tensor
        try:
            room = self._room(tensor.numel() * tensor.itemsize)
        except (RuntimeError, MemoryError) as error:
            if not self._said:
                log.warning("memory cannot be pinned: weights take longer to the card", extra={"error": str(error)})
            self._said = True
            return tensor.cpu()
        strides = torch.empty_like(tensor, device="meta").stride()  # those of channels_last stay
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
    """Every parameter and buffer once, with all the places where it is held."""
    found: dict[int, tuple[Tensor, Places]] = {}
    modules = chain.from_iterable(model.modules() for model in models)
    for held in chain.from_iterable((module._parameters, module._buffers) for module in modules):
        for name, tensor in held.items():
            if tensor is not None:
                found.setdefault(id(tensor), (tensor, []))[1].append((held, name))
    return list(found.values())


def _put(places: Places, tensor: Tensor) -> None:
    for held, name in places:
        held[name] = tensor
