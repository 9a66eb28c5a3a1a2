"""Runs a fine-tuning from its configuration to its adapter, with exact resume and stop on request."""

from __future__ import annotations

import math
import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import psutil
import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs
from torch import Tensor, nn

from engine.api.errors import ModelError, RequestError
from engine.got.files.checkpoint import Components, load_components
from engine.models.catalog import resolve
from training.data.manifest import read_rows
from training.finetune import lora, saves, shards
from training.finetune.batches import Batches
from training.finetune.config import FinetuneConfig, Training, facts
from training.finetune.examples import Cache, Encoder, split
from training.finetune.joint import JointLoss
from training.finetune.journal import Journal
from training.finetune.output import base_hash, write_output
from training.finetune.validate import validate
from training.precision import mixed_precision


class Finetune:
    """A run in a folder with cache, checkpoints and log. Under `accelerate launch`, processes share each step."""

    def __init__(self, config: FinetuneConfig, folder: Path, device: str = "cpu", threads: int | None = None) -> None:
        self.config, self.folder = config, folder
        if shards.enabled():
            shards.check(config.training)
        if threads:
            torch.set_num_threads(threads)
        # a batch without source images does not use the planner's vision encoder
        unused = DistributedDataParallelKwargs(find_unused_parameters=config.adapter.planner == "full")
        self.accelerator = Accelerator(
            cpu=device == "cpu",
            mixed_precision="no" if config.training.precision == "float32" else mixed_precision(device),
            kwargs_handlers=[unused],
            fsdp_plugin=shards.plugin(),
        )
        self.rank, self.world = self.accelerator.process_index, self.accelerator.num_processes
        if config.training.batch_size % (self.world * config.training.micro_batch):
            raise RequestError(
                "config_invalid",
                "training.batch_size {batch} cannot be split over {count} processes with {pairs} pairs each.",
                "Use a multiple of both.",
                batch=config.training.batch_size,
                count=self.world,
                pairs=config.training.micro_batch,
            )
        folder.mkdir(parents=True, exist_ok=True)
        self.journal = Journal(folder, config.training, self.accelerator.is_main_process)
        self._open_model()
        self._open_data()

    def _open_model(self) -> None:
        config, base = self.config, resolve(self.config.base)
        self.base_hash = base_hash(base)
        device = self.accelerator.device
        # a sharded model is moved to the device shard by shard
        self.components, self.parts = self._load(torch.device("cpu") if shards.enabled() else device)
        for name in ("mllm", "unet") if config.training.gradient_checkpointing else ():
            enable: Any = self.parts[name]
            (enable.gradient_checkpointing_enable if name == "mllm" else enable.enable_gradient_checkpointing)()
        self.loss = JointLoss(self.components, self.parts, config.loss)
        if shards.enabled():
            shards.shard(self.loss, self.parts, device)
            self.components.vae.to(device)
        self.loss.to(device)
        self.weights = lora.trainable(self.parts)
        self.optimizer = make_optimizer(list(self.weights.values()), config.training)
        self.model: Any = self.loss if shards.enabled() else self.accelerator.prepare(self.loss)

    def _load(self, device: torch.device) -> tuple[Components, dict[str, nn.Module]]:
        """Returns the base model with LoRA, which has no effect yet."""
        torch.manual_seed(self.config.seed)  # LoRA is initialized at random
        components = load_components(resolve(self.config.base), device, torch.float32)
        return components, lora.prepare(components, self.config.adapter)

    def _open_data(self) -> None:
        config = self.config
        self.rows, self.held_out = split(read_rows(Path(config.data)), config.validation.share)
        self.cache = Cache(self.folder / "cache", Encoder(self.components, config), self.base_hash)
        paths = self.cache.fill(self.rows, self.journal.encoding, (self.rank, self.world))
        self.accelerator.wait_for_everyone()
        self.batches = Batches(paths, config.training.batch_size, config.seed, config.loss, self.loss.timesteps)

    def run(self) -> bool:
        """Trains from the last checkpoint and writes the output; returns False if it was stopped before the end.

        Raises ModelError if a loss is not finite, OutputError if a checkpoint cannot be written.
        """
        start = self.resume()
        settings = self.config.training
        with self.journal.running(start):
            for step in range(start, settings.steps):
                losses = self.step(step)
                count = step + 1
                self.journal.step(count, losses, self.rate(step), self.peak_memory())
                request = self._request()
                if count % settings.save_every == 0 or count == settings.steps or request:
                    self.save(count)
                if request and not self._wait_while_paused(count):
                    return False
                if self.held_out and (count % self.config.validation.every == 0 or count == settings.steps):
                    self._validate(count)
            self._finish()
        return True

    def resume(self) -> int:
        """Restores the newest checkpoint, if there is one; returns the step to continue from."""
        self.average = {k: p.detach().clone() for k, p in self.weights.items()} if self.config.training.ema else {}
        state = saves.load_newest(self.folder) if self.accelerator.is_main_process or self.world == 1 else None
        if self.world > 1:
            self.accelerator.wait_for_everyone()
            state = saves.load_newest(self.folder)
        if state is None:
            return 0
        if state["config"] != self._identity():
            raise RequestError(
                "run_of_other_config",
                "{folder} contains a run with a different configuration, model or data.",
                "Choose another folder with --runs, or restore the configuration.",
                folder=self.folder,
            )
        with torch.no_grad():
            for name, value in state["weights"].items():
                shards.copy_full(value, self.weights[name])
            for name, value in state["average"].items():
                shards.copy_full(value, self.average[name])
        shards.load_optimizer(self.optimizer, state["optimizer"])
        return state["step"]

    def save(self, step: int) -> None:
        """Writes a checkpoint from the main process, with full tensors even if the model is sharded."""
        state = {
            "step": step,
            "weights": shards.full_state(self.weights),
            "average": shards.full_state(self.average),
            "optimizer": shards.full_state(self.optimizer.state_dict()),
            "config": self._identity(),
        }
        if self.accelerator.is_main_process:
            saves.save(self.folder, step, state, self.config.training.keep)
        self.accelerator.wait_for_everyone()

    def _identity(self) -> dict[str, Any]:
        """Returns what must be the same to resume from a checkpoint; the output's name and place do not matter."""
        config = facts(self.config)
        for key in ("name", "output", "license", "data", "validation"):
            del config[key]
        return config | {"base_hash": self.base_hash, "rows": sorted(row.name for row in self.rows)}

    def step(self, step: int) -> dict[str, float]:
        """Makes an optimizer step; returns the mean losses over the batch of all processes."""
        settings = self.config.training
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate(step)
        share = settings.batch_size // self.world
        micros = share // settings.micro_batch
        total: dict[str, Tensor] = {}
        self.model.train()
        for number in range(micros):
            first = self.rank * share + number * settings.micro_batch
            batch = self.batches.part(step, first, settings.micro_batch).to(self.accelerator.device)
            torch.manual_seed((self.config.seed * 1_000_003 + step) * 1009 + first)  # dropout
            last = number + 1 == micros
            with self._gradient_sync(last):
                with self.accelerator.autocast():
                    losses = self.model(batch)
                self.accelerator.backward(losses["loss"] / micros)
            for name, value in losses.items():
                total[name] = total.get(name, 0) + value.detach() / micros
        means = {k: float(self.accelerator.reduce(v, "mean")) for k, v in total.items()}
        norm = nn.utils.clip_grad_norm_(list(self.weights.values()), settings.clip or math.inf)
        self._guard(step, means, float(shards.full_tensor(norm)))
        self.optimizer.step()
        self.optimizer.zero_grad()
        self._update_average(min(settings.ema, (step + 1) / (step + 10)))
        return means

    def _gradient_sync(self, last: bool) -> AbstractContextManager[Any]:
        """Returns a context that synchronizes gradients between processes for the last micro-batch of a step only."""
        if shards.enabled():
            self.model.set_requires_gradient_sync(last)
            return nullcontext()
        return nullcontext() if last else self.accelerator.no_sync(self.model)

    def peak_memory(self) -> int:
        """Returns the peak GPU memory so far in bytes; on the CPU, the current memory of the process."""
        if self.accelerator.device.type == "cuda":
            return torch.cuda.max_memory_allocated()
        return psutil.Process(os.getpid()).memory_info().rss

    def _guard(self, step: int, losses: dict[str, float], norm: float) -> None:
        if not all(math.isfinite(v) for v in [*losses.values(), norm]):
            raise ModelError(
                "training_diverged",
                "At step {step} the loss is no longer finite; the last checkpoint in {folder} is intact.",
                "Lower training.learning_rate, or set training.precision to float32.",
                step=step + 1,
                folder=self.folder,
            )

    @torch.no_grad()
    def _update_average(self, decay: float) -> None:
        for name, mean in self.average.items():
            mean.lerp_(self.weights[name], 1 - decay)

    def rate(self, step: int) -> float:
        """Returns the learning rate of a step: linear warm-up, then cosine decay to 0."""
        settings = self.config.training
        if step < settings.warmup:
            return settings.learning_rate * (step + 1) / settings.warmup
        share = (step - settings.warmup) / max(1, settings.steps - settings.warmup)
        return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * share))

    def _request(self) -> str:
        """Returns the user's request, "", "pause" or "stop"; it is the same in every process."""
        codes = ("", "pause", "stop")
        code = torch.tensor(codes.index(self.journal.request()), device=self.accelerator.device)
        if self.world > 1:
            code = self.accelerator.reduce(code.float(), "sum")
        return codes[min(2, int(code))]

    def _wait_while_paused(self, step: int) -> bool:
        """Waits while the run is paused; returns False if it is to stop."""
        while (request := self._request()) == "pause":
            self.journal.pause(step)
        if request == "stop":
            self.journal.say("stopped", step)
        return request != "stop"

    def _validate(self, step: int) -> None:
        current = self._swap_in_average()
        if whole := self.whole_model():
            sheet = self.folder / "samples" / f"{step:08d}.png"
            self.journal.validation(step, validate(*whole, self.held_out, self.config, sheet))
        self._swap_back(current)
        self.accelerator.wait_for_everyone()

    def whole_model(self) -> tuple[Components, dict[str, nn.Module]] | None:
        """Returns the whole model in the main process, to render with and to write; None in the others.

        All processes must call this at the same time. A sharded model cannot compute in one process alone, so the
        main process gets a copy with the current weights.
        """
        weights = shards.full_state(self.weights) if shards.enabled() else {}
        if not self.accelerator.is_main_process:
            return None
        if not weights:
            return self.components, self.parts
        components, parts = self._load(self.accelerator.device)
        with torch.no_grad():
            for name, weight in lora.trainable(parts).items():
                weight.copy_(weights[name])
        return components, parts

    def _swap_in_average(self) -> dict[str, Tensor]:
        current = {k: p.detach().clone() for k, p in self.weights.items()} if self.average else {}
        with torch.no_grad():
            for name, mean in self.average.items():
                self.weights[name].copy_(mean)
        return current

    def _swap_back(self, current: dict[str, Tensor]) -> None:
        with torch.no_grad():
            for name, value in current.items():
                self.weights[name].copy_(value)

    def _finish(self) -> None:
        self._swap_in_average()
        if whole := self.whole_model():
            write_output(*whole, self.config, self.base_hash, self.rows)
        self.accelerator.wait_for_everyone()


def make_optimizer(weights: list[nn.Parameter], settings: Training) -> torch.optim.Optimizer:
    """Returns AdamW, with 8-bit state if the settings say so. Raises RequestError if bitsandbytes is not installed."""
    kind: Any = torch.optim.AdamW
    if settings.optimizer == "adamw8bit":
        try:
            from bitsandbytes.optim import AdamW8bit as kind  # type: ignore[import-not-found]
        except ImportError as error:
            raise RequestError(
                "optimizer_unavailable",
                "adamw8bit needs bitsandbytes, which is not installed.",
                "pip install bitsandbytes",
            ) from error
    return kind(
        weights,
        lr=settings.learning_rate,
        betas=settings.betas,
        eps=settings.epsilon,
        weight_decay=settings.weight_decay,
    )
