"""A training step of GoT-6B's size with LoRA on planner, UNet and projectors: one pair at a time, as `got train`
does."""

from __future__ import annotations

import gc
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

from benchmarks.card.model import CHAIN, INSTRUCTION, peak, random_model, reset_peak
from benchmarks.card.parts import Figures, Options, Say
from engine.api.errors import RequestError
from engine.got.files.checkpoint import Components
from training.data.manifest import Row
from training.finetune import lora
from training.finetune.batches import Batches
from training.finetune.config import FinetuneConfig, Pictures, Training
from training.finetune.examples import Encoder
from training.finetune.joint import JointLoss
from training.finetune.run import make_optimizer
from training.precision import autocast

WAYS = {
    "512": (512, Training()),
    "512, checkpointing": (512, Training(gradient_checkpointing=True)),
    "1024": (1024, Training()),
    "1024, checkpointing": (1024, Training(gradient_checkpointing=True)),
    "1024, checkpointing, 8-bit Adam": (1024, Training(gradient_checkpointing=True, optimizer="adamw8bit")),
}
STEPS = 4
"""The first step is a warm-up; at small size there is one more."""

_CHECKPOINTING = {
    "mllm": ("gradient_checkpointing_enable", "gradient_checkpointing_disable"),
    "unet": ("enable_gradient_checkpointing", "disable_gradient_checkpointing"),
}
"""The methods of transformers and diffusers that turn it on and off."""


def measure(options: Options, say: Say) -> None:
    """Measures each variant with frozen weights in 32 bits, as in the trainer, until time runs out."""
    end = time.monotonic() + options.seconds
    torch.manual_seed(0)
    components = random_model(options, torch.float32)
    config = FinetuneConfig()
    parts = lora.prepare(components, config.adapter)
    with tempfile.TemporaryDirectory() as folder:
        for name, (side, settings) in WAYS.items():
            side = side // 16 if options.small else side
            config = replace(config, pictures=Pictures(buckets=(f"{max(64, side)}x{max(64, side)}",)))
            batches = _batches(Path(folder), Encoder(components, config), config)
            say({name: _way(components, parts, replace(config, training=settings), batches, options)})
            if time.monotonic() > end:
                return


def _batches(folder: Path, encoder: Encoder, config: FinetuneConfig) -> Batches:
    """One pair of noise images, encoded like any other pair."""
    noise = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    paths = [folder / "source.png", folder / "target.png"]
    for path, pixels in zip(paths, noise, strict=True):
        Image.fromarray(pixels).save(path)
    example = folder / f"{config.pictures.buckets[0]}.safetensors"
    tensors = encoder(Row("noise", INSTRUCTION, CHAIN, *paths))
    save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, example)
    return Batches([example], 1, 0, config.loss, 1000)


def _way(
    components: Components, parts: dict[str, nn.Module], config: FinetuneConfig, batches: Batches, options: Options
) -> Figures:
    settings, device = config.training, options.where
    on = settings.gradient_checkpointing
    for name, (enable, disable) in _CHECKPOINTING.items():
        getattr(parts[name], enable if on else disable)()
    loss = JointLoss(components, parts, config.loss).to(device)
    weights = list(lora.trainable(parts).values())
    try:
        optimizer = make_optimizer(weights, settings)
    except RequestError as error:
        return {"refused": str(error)}
    loss.train()
    reset_peak(device)
    timings = []
    for step in range(2 if options.small else STEPS):
        started = time.perf_counter()
        try:
            with autocast(device):
                losses = loss(batches.part(step, 0, 1).to(device))
            losses["loss"].backward()
            optimizer.step()
        except torch.OutOfMemoryError as error:
            optimizer.zero_grad()
            return {"out_of_memory": str(error)[:200]}
        optimizer.zero_grad()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        timings.append(time.perf_counter() - started)
    figures = {
        "seconds": round(median(timings[1:]), 3),
        "peak_megabytes": peak(device),
        "trained_weights": sum(weight.numel() for weight in weights),
    }
    del optimizer, loss
    gc.collect()
    return figures
