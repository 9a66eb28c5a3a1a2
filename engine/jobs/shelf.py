"""The model cache: loads the model that a job needs, keeps it for the next job, and unloads it when it is idle."""

from __future__ import annotations

import gc
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import psutil

from engine.api.errors import Cancelled, OutOfMemory, RequestError
from engine.api.notes import Note
from engine.api.protocol import AdapterUse
from engine.models.catalog import known_model

if TYPE_CHECKING:
    import torch

    from engine.got import GoTPipeline

OnPart = Callable[[int, int], None]
"""Called with (parts loaded, total parts)."""

_SCARCE = 0.05
"""Fraction of system memory; below it an idle model is unloaded."""
_UNUSED = 30.0
"""Seconds after which a model counts as idle when memory is scarce."""

log = logging.getLogger(__name__)


class ModelShelf:
    """Owned by the worker's thread; other threads may read `name` and `memory_use`."""

    def __init__(self, unload_after: float, weights: str = "exact") -> None:
        self.unload_after = unload_after
        self.weights = weights
        self.name: str | None = None
        self._key: tuple[Path, int, str] | None = None
        self._pipeline: GoTPipeline | None = None
        self._adapters: tuple[tuple[AdapterUse, int], ...] = ()
        """Each adapter that is applied, and its modification time."""
        self._last_use = 0.0
        self.cold = False
        """Whether the model has just been loaded and `rest` has not warmed it up yet."""

    @property
    def memory_use(self) -> Note | None:
        """How the model uses the device's memory; None if no model is loaded."""
        pipeline = self._pipeline
        if pipeline is None:
            return None
        how = pipeline.residence.tier.words
        if self.weights == "exact":
            return how
        return Note.of("memory_use", "{how}, and the UNet uses {weights} weights", how=how, weights=self.weights)

    def take(self, model: str, device: str, adapters: tuple[AdapterUse, ...], on_part: OnPart) -> GoTPipeline:
        """The model, loaded if necessary, with these adapters. Raises ModelError or RequestError.

        `on_part` gets (0, 0) if the model was loaded already.
        """
        entry = known_model(model)
        key = (entry.folder, (entry.folder / "got.json").stat().st_mtime_ns, device)
        if self._pipeline is None or self._key != key:
            self.unload()
            started = time.monotonic()
            on_part(0, 4)
            self._pipeline = _load(entry.folder, device, self.weights, on_part)
            self._key, self.name, self.cold = key, model, True
            log.info("loaded", extra={"model": model, "seconds": round(time.monotonic() - started, 2)})
        else:
            on_part(0, 0)
        self._apply(adapters)
        self._last_use = time.monotonic()
        return self._pipeline

    def _apply(self, adapters: tuple[AdapterUse, ...]) -> None:
        from engine.got.adapters import apply_adapters
        from engine.models.adapters import CONFIG, known_adapter

        assert self._pipeline is not None
        folders = [known_adapter(adapter.name).folder for adapter in adapters]
        modified = [(folder / CONFIG).stat().st_mtime_ns for folder in folders]
        requested = tuple(zip(adapters, modified, strict=True))  # a retrained adapter is applied again
        if requested != self._adapters:
            apply_adapters(self._pipeline, [(f, a.weight) for f, a in zip(folders, adapters, strict=True)])
            self._adapters = requested

    def rest(self, job_is_waiting: Callable[[], bool]) -> None:
        """Idle work: warms up a new model, or unloads a model that has been idle for long or while memory is scarce.

        `job_is_waiting` returns True when a job is waiting; the warm-up then ends.
        """
        if self._pipeline is None:
            return
        if self.cold:
            self.cold = not _warm_up(self._pipeline, job_is_waiting)
        idle = time.monotonic() - self._last_use
        memory = psutil.virtual_memory()
        scarce = memory.available < _SCARCE * memory.total and idle > _UNUSED
        if idle > self.unload_after or scarce:
            self.unload()

    def unload(self) -> None:
        """Unloads the model and frees its memory."""
        if self._pipeline is None:
            return
        log.info("unloaded", extra={"model": self.name})
        self._pipeline = self._key = self.name = None
        self.cold = False
        self._adapters = ()
        free_memory()


def _load(folder: Path, device: str, weights: str, on_part: OnPart) -> GoTPipeline:
    from engine.got import GoTPipeline
    from engine.got.faults import is_out_of_memory
    from engine.got.files.weights import stored_numbers
    from engine.got.residence.tiers import choose_dtype

    _freeze_libraries()
    target = choose_device(device)
    dtype = choose_dtype(target, stored_numbers(folder))
    try:
        return GoTPipeline.from_pretrained(folder, device=target, dtype=dtype, on_part=on_part, weights=weights)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        free_memory()
        raise OutOfMemory(
            "model_too_large",
            "This model does not fit in the memory of {device}.",
            "Use --device cpu or another model.",
            device=target,
        ) from error


def _freeze_libraries() -> None:
    """Excludes the libraries' permanent objects from the garbage collection after each job, which took 0.4 s."""
    if not gc.get_freeze_count():
        gc.collect()
        gc.freeze()


def _warm_up(pipeline: GoTPipeline, job_is_waiting: Callable[[], bool]) -> bool:
    """Warms the model up. Returns False if it was interrupted and must be repeated."""
    started = time.monotonic()
    try:
        pipeline.warm_up(job_is_waiting)
    except Cancelled:
        return False
    except Exception as error:  # nobody is waiting for this; an error that matters recurs in the next job
        free_memory()
        log.warning("not warmed up", extra={"fault": f"{type(error).__name__}: {error}"})
    else:
        log.info("warmed up", extra={"seconds": round(time.monotonic() - started, 2)})
    return True


def choose_device(name: str) -> torch.device:
    """The device of this name; "auto" is the best one available. Raises RequestError."""
    import torch

    if name == "auto":
        available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
        name = next(name for name, is_available in available.items() if is_available)
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:  # torch has no exception type for a missing device
        raise RequestError(
            "device_unknown",
            "There is no device “{name}” on this machine.",
            "Use --device cpu; `got doctor` lists the devices.",
            name=name,
        ) from error
    return device


def devices() -> list[Note]:
    """The devices that torch can use, the best first, with a description."""
    import torch

    from engine.got.residence.tiers import GOT_6B, choose_tier, device_memory, tiers_of

    def line(name: str, kind: str) -> Note:
        device = torch.device(name)
        memory = device_memory(device) or 0
        tier = choose_tier(memory, *GOT_6B, side=1024, tiers=tiers_of(device))
        return Note.of(
            "device",
            "{name}, {memory:.0f} GB (GoT-6B: {how})",
            name=f"{name}{kind}",
            memory=memory / 1e9,
            how=tier.words,
        )

    gpus = range(torch.cuda.device_count())
    lines = [line(f"cuda:{index}", f" {torch.cuda.get_device_name(index)}") for index in gpus]
    if torch.backends.mps.is_available():
        lines.append(line("mps", ""))
    threads = torch.get_num_threads()
    cpu = Note.of("cpu", "cpu, 1 thread" if threads == 1 else "cpu, {count} threads", count=threads)
    return [*lines, cpu]


def _loaded_torch() -> ModuleType | None:
    """torch, if its import is complete: another thread may be importing it, which takes seconds."""
    torch = sys.modules.get("torch")
    return None if torch is None or getattr(torch.__spec__, "_initializing", False) else torch


def free_memory() -> None:
    """Frees unused memory, on the device and in the process."""
    gc.collect()
    torch = _loaded_torch()
    if torch is None:
        return
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        if hasattr(torch.accelerator, "empty_host_cache"):  # older versions of torch keep pinned memory
            torch.accelerator.empty_host_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


def memory() -> tuple[int, int]:
    """(bytes used, total bytes) of the GPU if one is in use, else of this process and the machine."""
    torch = _loaded_torch()
    if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized():
        free, total = torch.cuda.mem_get_info()
        return total - free, total
    return psutil.Process().memory_info().rss, psutil.virtual_memory().total
