"""Training got-mini from scratch, in the phases of its recipe: samples per second.

Drawing the storybook and training on it are timed separately: `got train` draws a batch while it trains on the previous
one.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import torch

from benchmarks.card.parts import Figures, Options, Say
from training.scratch.config import Lesson, load_recipe
from training.scratch.joint_phase import JointPhase
from training.scratch.latents import encode_examples, example_of
from training.scratch.loop import LoopSettings, Phase, Run
from training.scratch.mllm_phases import ChainPhase, EyesPhase
from training.scratch.run import Scratch
from training.scratch.unet_phase import UnetPhase
from training.scratch.vae_phase import VaePhase, build_vae

RECIPE = Path(__file__).parents[2] / "recipes" / "got-mini.toml"
EXAMPLES = 24
"""Examples that the UNet trains on; their number does not affect its speed."""


def measure(options: Options, say: Say) -> None:
    """Each phase gets an equal share of the time; at small size, a single step."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Scratch(load_recipe(RECIPE), Path(folder), options.device)
        makers = _makers(scratch)
        for name, make in makers.items():
            settings, seconds = scratch.recipe.phases[name], 0.6 * options.seconds / len(makers)
            if options.small:
                settings, seconds = replace(settings, batch_size=min(8, settings.batch_size)), 0.0
            say({name: _phase(make(), scratch, name, settings, seconds)})


def _makers(scratch: Scratch) -> dict[str, Callable[[], Phase]]:
    """The phases with new weights, which take as long as trained ones."""
    data = scratch.recipe.data
    latents = encode_examples(build_vae().eval(), [example_of(row) for row in range(EXAMPLES)])
    return {
        "vae": lambda: VaePhase(pool=200),
        "chains": lambda: ChainPhase(scratch.mllm(), scratch.tokenizer(), data, 0, Lesson()),
        "unet": lambda: UnetPhase(scratch.unet(), latents),
        "eyes": lambda: EyesPhase(scratch.mllm()),
        "joint": lambda: JointPhase(scratch.mllm(), scratch.unet(), scratch.tokenizer(), latents, data.turns_length),
    }


def _phase(phase: Phase, scratch: Scratch, name: str, settings: LoopSettings, seconds: float) -> Figures:
    accelerator = scratch.accelerator
    run = Run(phase, settings, scratch.runs / name, accelerator)
    run.resume()
    started = time.perf_counter()
    batches = [phase.batch(step, settings.batch_size) for step in range(3)]
    drawing = time.perf_counter() - started
    for step in range(2 if seconds else 0):  # warm-up
        run.step(step, batches[0])
    started = time.perf_counter()
    for step in count(1):
        losses = run.step(step, batches[step % len(batches)])
        if accelerator.device.type == "cuda":
            torch.cuda.synchronize()
        elapsed = time.perf_counter() - started
        if elapsed > seconds:
            break
    return {
        "batch_size": settings.batch_size,
        "drawn_a_second": round(len(batches) * settings.batch_size / drawing, 1),
        "trained_a_second": round(step * settings.batch_size / elapsed, 1),
        "loss": round(losses["loss"].item(), 4),
    }
