"""The training loop of all phases: Muon + AdamW, cosine schedule, EMA, exact resume, atomic checkpoints.

The random numbers of a step depend on (seed, step, rank) alone, so a resumed run equals an uninterrupted one.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from engine.api.files import beside
from training.scratch.muon import Muon, split_parameters


@dataclass(frozen=True)
class LoopSettings:
    """Steps, batch size per process, learning rates of the two optimizers, EMA decay and intervals."""

    steps: int
    batch_size: int
    muon_lr: float = 0.02
    adam_lr: float = 2e-3
    weight_decay: float = 0.0
    warmup: int = 50
    final_fraction: float = 0.02
    ema: float = 0.0
    seed: int = 0
    save_every: int = 200
    log_every: int = 50


class Phase(nn.Module):
    """A phase defines its data, `batch(step, size)`, and its named losses, `forward(batch)`; "loss" is minimized."""

    def batch(self, step: int, size: int) -> Any:  # noqa: ANN401 - each phase has its own batch
        raise NotImplementedError(type(self).__name__)

    def forward(self, batch: Any) -> dict[str, Tensor]:  # noqa: ANN401
        raise NotImplementedError(type(self).__name__)


def schedule(step: int, s: LoopSettings) -> float:
    """Returns the learning rate's factor: linear warm-up, and cosine decay down to `final_fraction`."""
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, step / s.steps)))
    return min(1.0, (step + 1) / s.warmup) * (s.final_fraction + (1 - s.final_fraction) * cosine)


def atomic_save(value: object, path: Path) -> None:
    """Writes a temporary file, syncs and renames it: a reader sees the old file or the complete new one."""
    with beside(path) as temporary, open(temporary, "wb") as file:
        torch.save(value, file)
        file.flush()
        os.fsync(file.fileno())


def to_device(batch: Any, device: torch.device) -> Any:  # noqa: ANN401 - each phase has its own batch
    """Returns a batch with its tensors on `device`, including those in tuples and dataclasses."""
    if isinstance(batch, Tensor):
        return batch.to(device, non_blocking=True)
    if isinstance(batch, tuple):
        return tuple(to_device(part, device) for part in batch)
    if is_dataclass(batch) and not isinstance(batch, type):
        return replace(batch, **{f.name: to_device(getattr(batch, f.name), device) for f in fields(batch)})
    return batch


def _batches(phase: Phase, start: int, s: LoopSettings, rank: int, world: int) -> Iterator[Any]:
    """Yields batches from step `start` on; a thread prepares the next one during each step."""
    with ThreadPoolExecutor(1) as executor:
        future = executor.submit(phase.batch, start * world + rank, s.batch_size)
        for step in range(start, s.steps):
            batch = future.result()
            if step + 1 < s.steps:
                future = executor.submit(phase.batch, (step + 1) * world + rank, s.batch_size)
            yield batch


def train(
    phase: Phase,
    settings: LoopSettings,
    folder: Path,
    accelerator: Accelerator,
    validate: Callable[[nn.Module], dict[str, float]] | None = None,
    validate_every: int = 0,
) -> None:
    """Trains `phase` up to settings.steps; it then has its final weights (averaged, if there is an EMA).

    Resumes from folder/checkpoint.pt if it exists. `validate` gets the phase with averaged weights.
    """
    folder.mkdir(parents=True, exist_ok=True)
    run = Run(phase, settings, folder, accelerator)
    start = run.resume()
    start_time = time.time()
    rank, world = accelerator.process_index, accelerator.num_processes
    for step, batch in enumerate(_batches(phase, start, settings, rank, world), start):
        losses = run.step(step, batch)
        count = step + 1
        if not accelerator.is_main_process:
            continue
        if count % settings.log_every == 0 or count == settings.steps:
            rate = (count - start) * settings.batch_size * world / (time.time() - start_time)
            row = {"step": count, "samples_per_second": round(rate, 2)}
            _log(folder, row | {k: round(v.item(), 5) for k, v in losses.items()})
        if count % settings.save_every == 0 or count == settings.steps:
            run.save(count)
        if validate and validate_every and count % validate_every == 0:
            with run.averaged():
                _log(folder, {"step": count} | validate(phase))
    run.finish()


class Run:
    """The model, the optimizers and the average of a training."""

    def __init__(self, phase: Phase, settings: LoopSettings, folder: Path, accelerator: Accelerator) -> None:
        self.phase, self.settings, self.accelerator = phase, settings, accelerator
        self.checkpoint = folder / "checkpoint.pt"
        matrices, others = split_parameters(phase)
        self.optimizers: list[torch.optim.Optimizer] = [
            torch.optim.AdamW(others, lr=settings.adam_lr, betas=(0.9, 0.98), weight_decay=0.0)
        ]
        self.peaks = [settings.adam_lr]
        if matrices:
            self.optimizers.append(Muon(matrices, lr=settings.muon_lr, weight_decay=settings.weight_decay))
            self.peaks.append(settings.muon_lr)
        self.average = {k: v.detach().clone() for k, v in phase.state_dict().items()} if settings.ema else {}

    def resume(self) -> int:
        """Loads the checkpoint, if there is one; returns the step to continue from."""
        start = 0
        if self.checkpoint.exists():
            value = torch.load(self.checkpoint, weights_only=True, map_location="cpu")
            self.phase.load_state_dict(value["model"])
            for optimizer, state in zip(self.optimizers, value["optimizers"], strict=True):
                optimizer.load_state_dict(state)
            self.average, start = value["average"], value["step"]
        self.average = {k: v.to(self.accelerator.device) for k, v in self.average.items()}
        self.model, *self.prepared = self.accelerator.prepare(self.phase, *self.optimizers)
        return start

    def step(self, step: int, batch: Any) -> dict[str, Tensor]:  # noqa: ANN401
        torch.manual_seed((self.settings.seed * 1_000_003 + step) * 1009 + self.accelerator.process_index)
        for optimizer, peak in zip(self.optimizers, self.peaks, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = peak * schedule(step, self.settings)
        with self.accelerator.autocast():
            losses = self.model(to_device(batch, self.accelerator.device))
        self.accelerator.backward(losses["loss"])
        self.accelerator.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.prepared:
            optimizer.step()
            optimizer.zero_grad()
        self._update_average(min(self.settings.ema, (step + 1) / (step + 10)))
        return losses

    @torch.no_grad()
    def _update_average(self, decay: float) -> None:
        state = self.phase.state_dict()
        for key, mean in self.average.items():
            mean.lerp_(state[key], 1 - decay) if mean.is_floating_point() else mean.copy_(state[key])

    def save(self, step: int) -> None:
        states = [o.state_dict() for o in self.optimizers]
        value = {"model": self.phase.state_dict(), "optimizers": states, "average": self.average, "step": step}
        atomic_save(value, self.checkpoint)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Puts the phase into evaluation mode with its averaged weights, and restores it afterwards."""
        current = {k: v.clone() for k, v in self.phase.state_dict().items()}
        self.phase.load_state_dict(self.average or current)
        self.phase.eval()
        yield
        self.phase.load_state_dict(current)
        self.phase.train()

    def finish(self) -> None:
        if self.average:
            self.phase.load_state_dict(self.average)


def _log(folder: Path, row: dict[str, Any]) -> None:
    row = {"time": round(time.time(), 1), **row}
    print(f"{folder.name}: " + " ".join(f"{k}={v}" for k, v in row.items() if k != "time"), flush=True)
    with open(folder / "log.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
