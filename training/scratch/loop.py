"""One training loop for every phase: Muon + AdamW, cosine schedule, EMA, exact resume, atomic checkpoints.

The randomness of a step follows from (seed, step, rank) alone, so that a resumed run equals an uninterrupted one.
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
    """How long and how fast: steps, batch size (a process), learning rates of the two optimisers, EMA decay."""

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
    """What a phase brings: `batch(step, size)` its data, `forward(batch)` named losses; "loss" is descended."""

    def batch(self, step: int, size: int) -> Any:  # noqa: ANN401 - each phase has its own batch
        raise NotImplementedError(type(self).__name__)

    def forward(self, batch: Any) -> dict[str, Tensor]:  # noqa: ANN401
        raise NotImplementedError(type(self).__name__)


def schedule(step: int, s: LoopSettings) -> float:
    """Linear warm-up, then cosine down to `final_fraction`."""
    cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, step / s.steps)))
    return min(1.0, (step + 1) / s.warmup) * (s.final_fraction + (1 - s.final_fraction) * cosine)


def atomic_save(value: object, path: Path) -> None:
    """Writes beside, syncs and renames: a reader sees the old file or the whole new one."""
    with beside(path) as temporary, open(temporary, "wb") as file:
        torch.save(value, file)
        file.flush()
        os.fsync(file.fileno())


def to_device(batch: Any, device: torch.device) -> Any:  # noqa: ANN401 - each phase has its own batch
    """A batch with its tensors on `device`: of tuples and dataclasses, what they hold; all else stays as it is."""
    if isinstance(batch, Tensor):
        return batch.to(device, non_blocking=True)
    if isinstance(batch, tuple):
        return tuple(to_device(part, device) for part in batch)
    if is_dataclass(batch) and not isinstance(batch, type):
        return replace(batch, **{f.name: to_device(getattr(batch, f.name), device) for f in fields(batch)})
    return batch


def _batches(phase: Phase, start: int, s: LoopSettings, rank: int, world: int) -> Iterator[Any]:
    """Batches from step `start` on, the next one drawn while this one is trained on."""
    with ThreadPoolExecutor(1) as drawer:
        coming = drawer.submit(phase.batch, start * world + rank, s.batch_size)
        for step in range(start, s.steps):
            batch = coming.result()
            if step + 1 < s.steps:
                coming = drawer.submit(phase.batch, (step + 1) * world + rank, s.batch_size)
            yield batch


def train(
    phase: Phase,
    settings: LoopSettings,
    folder: Path,
    accelerator: Accelerator,
    validate: Callable[[nn.Module], dict[str, float]] | None = None,
    validate_every: int = 0,
) -> None:
    """Trains `phase` to settings.steps and leaves its (averaged) weights in it.

    Resumes from folder/checkpoint.pt where there is one. `validate` sees the averaged weights.
    """
    folder.mkdir(parents=True, exist_ok=True)
    run = Run(phase, settings, folder, accelerator)
    start = run.resume()
    began = time.time()
    rank, world = accelerator.process_index, accelerator.num_processes
    for step, batch in enumerate(_batches(phase, start, settings, rank, world), start):
        losses = run.step(step, batch)
        done = step + 1
        if not accelerator.is_main_process:
            continue
        if done % settings.log_every == 0 or done == settings.steps:
            rate = (done - start) * settings.batch_size * world / (time.time() - began)
            row = {"step": done, "samples_per_second": round(rate, 2)}
            _log(folder, row | {k: round(v.item(), 5) for k, v in losses.items()})
        if done % settings.save_every == 0 or done == settings.steps:
            run.save(done)
        if validate and validate_every and done % validate_every == 0:
            with run.averaged():
                _log(folder, {"step": done} | validate(phase))
    run.finish()


class Run:
    """Model, optimisers and average of one training."""

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
        """Loads the checkpoint, if any, and gives the step to go on from."""
        start = 0
        if self.checkpoint.exists():
            saved = torch.load(self.checkpoint, weights_only=True, map_location="cpu")
            self.phase.load_state_dict(saved["model"])
            for optimizer, state in zip(self.optimizers, saved["optimizers"], strict=True):
                optimizer.load_state_dict(state)
            self.average, start = saved["average"], saved["step"]
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
        self._follow(min(self.settings.ema, (step + 1) / (step + 10)))
        return losses

    @torch.no_grad()
    def _follow(self, decay: float) -> None:
        """The average takes a step towards the weights."""
        state = self.phase.state_dict()
        for key, mean in self.average.items():
            mean.lerp_(state[key], 1 - decay) if mean.is_floating_point() else mean.copy_(state[key])

    def save(self, done: int) -> None:
        states = [o.state_dict() for o in self.optimizers]
        value = {"model": self.phase.state_dict(), "optimizers": states, "average": self.average, "step": done}
        atomic_save(value, self.checkpoint)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """For a while the phase holds its averaged weights, in evaluation mode."""
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
