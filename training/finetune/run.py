"""A fine-tuning from its configuration to its adapter: resumes exactly, stops when asked, never loses a checkpoint."""

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

_PRECISION = {"float32": "no", "bfloat16": "bf16"}


class Finetune:
    """One run in a folder: cache, checkpoints, log. Several processes (`accelerate launch`) share each step."""

    def __init__(self, config: FinetuneConfig, folder: Path, device: str = "cpu", threads: int | None = None) -> None:
        self.config, self.folder = config, folder
        if shards.asked():
            shards.check(config.training)
        if threads:
            torch.set_num_threads(threads)
        # a batch of captions alone leaves the planner's eyes out
        unused = DistributedDataParallelKwargs(find_unused_parameters=config.adapter.planner == "full")
        self.accelerator = Accelerator(
            cpu=device == "cpu",
            mixed_precision=_PRECISION[config.training.precision],
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
        # what is shared out comes to the card part by part
        self.components, self.parts = self._fresh(torch.device("cpu") if shards.asked() else device)
        for name in ("mllm", "unet") if config.training.gradient_checkpointing else ():
            enable: Any = self.parts[name]
            (enable.gradient_checkpointing_enable if name == "mllm" else enable.enable_gradient_checkpointing)()
        self.loss = JointLoss(self.components, self.parts, config.loss)
        if shards.asked():
            shards.share_out(self.loss, self.parts, device)
            self.components.vae.to(device)
        self.loss.to(device)
        self.weights = lora.trainable(self.parts)
        self.optimizer = make_optimizer(list(self.weights.values()), config.training)
        self.model: Any = self.loss if shards.asked() else self.accelerator.prepare(self.loss)

    def _fresh(self, device: torch.device) -> tuple[Components, dict[str, nn.Module]]:
        """The base with LoRA that changes nothing yet."""
        torch.manual_seed(self.config.seed)  # LoRA begins at random
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
        """Trains on from the last checkpoint and writes the output; False where it was stopped before its end.

        Raises ModelError where a loss is no number, OutputError where a checkpoint cannot be written.
        """
        start = self.resume()
        settings = self.config.training
        with self.journal.running(start):
            for step in range(start, settings.steps):
                losses = self.step(step)
                done = step + 1
                self.journal.step(done, losses, self.rate(step), self.peak_memory())
                wish = self._wish()
                if done % settings.save_every == 0 or done == settings.steps or wish:
                    self.save(done)
                if wish and not self._waited(done):
                    return False
                if self.held_out and (done % self.config.validation.every == 0 or done == settings.steps):
                    self._validate(done)
            self._finish()
        return True

    def resume(self) -> int:
        """Puts everything as the newest checkpoint has it; the step to go on from."""
        self.average = {k: p.detach().clone() for k, p in self.weights.items()} if self.config.training.ema else {}
        saved = saves.load_newest(self.folder) if self.accelerator.is_main_process or self.world == 1 else None
        if self.world > 1:
            self.accelerator.wait_for_everyone()
            saved = saves.load_newest(self.folder)
        if saved is None:
            return 0
        if saved["config"] != self._identity():
            raise RequestError(
                "run_of_other_config",
                "{folder} contains a run with a different configuration, model or data.",
                "Choose another folder with --runs, or restore the configuration.",
                folder=self.folder,
            )
        with torch.no_grad():
            for name, value in saved["weights"].items():
                shards.put(self.weights[name], value)
            for name, value in saved["average"].items():
                shards.put(self.average[name], value)
        shards.load_optimizer(self.optimizer, saved["optimizer"])
        return saved["step"]

    def save(self, done: int) -> None:
        """One process writes, whole tensors however they were shared out; the others wait."""
        state = {
            "step": done,
            "weights": shards.wholes(self.weights),
            "average": shards.wholes(self.average),
            "optimizer": shards.wholes(self.optimizer.state_dict()),
            "config": self._identity(),
        }
        if self.accelerator.is_main_process:
            saves.save(self.folder, done, state, self.config.training.keep)
        self.accelerator.wait_for_everyone()

    def _identity(self) -> dict[str, Any]:
        """What a checkpoint must agree on to be gone on from; where results are written is no part of it."""
        config = facts(self.config)
        for key in ("name", "output", "license", "data", "validation"):
            del config[key]
        return config | {"base_hash": self.base_hash, "rows": sorted(row.name for row in self.rows)}

    def step(self, step: int) -> dict[str, float]:
        """One optimizer step; the mean losses of the whole batch."""
        settings = self.config.training
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate(step)
        mine = settings.batch_size // self.world
        micros = mine // settings.micro_batch
        total: dict[str, Tensor] = {}
        self.model.train()
        for number in range(micros):
            first = self.rank * mine + number * settings.micro_batch
            batch = self.batches.part(step, first, settings.micro_batch).to(self.accelerator.device)
            torch.manual_seed((self.config.seed * 1_000_003 + step) * 1009 + first)  # dropout
            last = number + 1 == micros
            with self._summed(last):
                with self.accelerator.autocast():
                    losses = self.model(batch)
                self.accelerator.backward(losses["loss"] / micros)
            for name, value in losses.items():
                total[name] = total.get(name, 0) + value.detach() / micros
        means = {k: float(self.accelerator.reduce(v, "mean")) for k, v in total.items()}
        norm = nn.utils.clip_grad_norm_(list(self.weights.values()), settings.clip or math.inf)
        self._guard(step, means, float(shards.whole(norm)))
        self.optimizer.step()
        self.optimizer.zero_grad()
        self._follow(min(settings.ema, (step + 1) / (step + 10)))
        return means

    def _summed(self, last: bool) -> AbstractContextManager[Any]:
        """Gradients go to the other processes with the last part of a step only."""
        if shards.asked():
            self.model.set_requires_gradient_sync(last)
            return nullcontext()
        return nullcontext() if last else self.accelerator.no_sync(self.model)

    def peak_memory(self) -> int:
        """Bytes on the card at most so far; without one, bytes that the process has now."""
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
    def _follow(self, decay: float) -> None:
        for name, mean in self.average.items():
            mean.lerp_(self.weights[name], 1 - decay)

    def rate(self, step: int) -> float:
        """Linear warm-up, then a cosine down to nothing."""
        settings = self.config.training
        if step < settings.warmup:
            return settings.learning_rate * (step + 1) / settings.warmup
        share = (step - settings.warmup) / max(1, settings.steps - settings.warmup)
        return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * share))

    def _wish(self) -> str:
        """ "pause" or "stop" where the user wants that; every process hears the same."""
        codes = ("", "pause", "stop")
        wish = torch.tensor(codes.index(self.journal.wish()), device=self.accelerator.device)
        if self.world > 1:
            wish = self.accelerator.reduce(wish.float(), "sum")
        return codes[min(2, int(wish))]

    def _waited(self, done: int) -> bool:
        """Waits while the run is paused; False where it is to stop."""
        while (wish := self._wish()) == "pause":
            self.journal.paused(done)
        if wish == "stop":
            self.journal.say("stopped", done)
        return wish != "stop"

    def _validate(self, done: int) -> None:
        current = self._swap_in_average()
        if whole := self.whole_model():
            sheet = self.folder / "samples" / f"{done:08d}.png"
            self.journal.validated(done, validate(*whole, self.held_out, self.config, sheet))
        self._swap_back(current)
        self.accelerator.wait_for_everyone()

    def whole_model(self) -> tuple[Components, dict[str, nn.Module]] | None:
        """For the first process, to draw with and to write; None for the others. All must ask at the same time.

        What is shared out cannot compute in one process alone: that takes a copy with the weights as they are now.
        """
        weights = shards.wholes(self.weights) if shards.asked() else {}
        if not self.accelerator.is_main_process:
            return None
        if not weights:
            return self.components, self.parts
        components, parts = self._fresh(self.accelerator.device)
        with torch.no_grad():
            for name, place in lora.trainable(parts).items():
                place.copy_(weights[name])
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
    """AdamW, with 8-bit state where the settings ask for it. Raises RequestError where bitsandbytes is not here."""
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
