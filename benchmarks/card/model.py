"""A model of GoT-6B's size with random weights, and one edit with it, timed by stage.

Because its weights are random, the planner writes a fixed number of tokens, and the pipeline gets a prepared chain with
one box instead.
"""

from __future__ import annotations

import gc
import resource
import time
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import islice
from typing import cast

import numpy as np
import torch
from PIL import Image
from transformers import GenerationConfig, Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from benchmarks import reference
from benchmarks.card.parts import Options
from benchmarks.full_size import config, tokenizer
from engine.api.chain import IM_GEN_START
from engine.got import GoTPipeline, GuidanceScales
from engine.got.files.checkpoint import Components
from engine.got.files.config import Defaults, GoTConfig
from engine.got.files.weights import empty_projectors, empty_unet, empty_vae
from engine.got.planners.got import GoTPlanner
from engine.got.planners.prompts import add_got_tokens
from engine.got.planners.protocol import Passage
from engine.got.planners.reading import Reading
from engine.got.progress import Watch
from engine.got.residence.quantize import kind_of_weights, quantize_unet

CHAIN = f"A leaf <|box_start|>(200,200),(700,700)<|box_end|> (red) becomes an umbrella.{IM_GEN_START}"
INSTRUCTION = "replace the giant leaf with an umbrella"
SCALES = GuidanceScales(4, 3, 1.5)


class ScriptedPlanner(GoTPlanner):
    """Writes as many tokens as its script says, and returns the script's chain."""

    script = reference.Script(300, CHAIN)

    def write(self, reading: Reading, watch: Watch) -> Passage:
        with closing(reading.write()) as tokens:
            for _ in islice(tokens, self.script.tokens):
                watch.token("·")
        return Passage(text=self.script.chain, asks_for_picture=True)

    def go_on(self, reading: Reading, picture: Image.Image, watch: Watch) -> Passage:
        with closing(reading.write()) as tokens:
            next(tokens)
        return Passage(text="", asks_for_picture=False)


def scripted(components: Components, script: reference.Script, arrange: bool) -> GoTPipeline:
    """A pipeline with a scripted planner."""
    pipe = GoTPipeline.from_components(components, arrange)
    usual = pipe.planner
    pipe.planner = ScriptedPlanner(usual.mllm, usual.vocabulary, usual.source_processor)
    pipe.planner.script = script
    return pipe


def random_model(options: Options, dtype: torch.dtype | None = None) -> Components:
    """GoT-6B's networks with their usual initialization, on the device. `dtype` None is that of `options`."""
    words = tokenizer()
    add_got_tokens(words)
    torch.manual_seed(0)
    torch.set_default_dtype(dtype or options.dtype)  # not `.to(dtype)`, which would also convert the rotary frequencies
    small = options.small
    with options.where:
        mllm = Qwen2_5_VLForConditionalGeneration(Qwen2_5_VLConfig.from_dict(config("mllm", small)))
    unet, vae = empty_unet(config("unet", small) | {"in_channels": 12}), empty_vae(config("vae", small))
    projectors = empty_projectors(mllm, unet)
    torch.set_default_dtype(torch.float32)
    for model in (unet, vae, projectors):
        model.to_empty(device=options.where)
        for name, weight in model.named_parameters():
            norm = weight.ndim == 1 and name.endswith("weight")
            torch.nn.init.ones_(weight) if norm else torch.nn.init.normal_(weight, std=0.02)
    for model in cast(list[torch.nn.Module], [mllm, unet, vae, projectors]):
        model.eval()
    mllm.generation_config = GenerationConfig(**config("generation", small))
    side, source = (64, 56) if small else (1024, 448)
    return Components(
        GoTConfig("random", source_size=source, image_size=side, defaults=Defaults(options.steps)),
        words,
        Qwen2VLImageProcessorPil(**config("preprocessor", small)),
        mllm,
        unet,
        vae,
        config("scheduler", small),
        projectors.output_projector,
        projectors.output_projector_add,
    )


@dataclass
class Clock:
    """Seconds per stage; waits for the device at the end of each stage."""

    device: torch.device
    seconds: dict[str, float] = field(default_factory=dict)
    stage: str = ""
    since: float = 0.0

    def begin(self, stage: str) -> None:
        """Begins a stage and ends the previous one."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        now = time.perf_counter()
        if self.stage:
            self.seconds[self.stage] = self.seconds.get(self.stage, 0.0) + now - self.since
        self.stage, self.since = stage, now


@dataclass
class Bench:
    """One model and one edit; each variant returns (seconds by stage, the picture)."""

    pipe: GoTPipeline
    plain: GoTPipeline | None
    """The same model without any optimization, for the plain loop."""
    source: Image.Image
    device: torch.device

    @classmethod
    def make(cls, options: Options, beside_plain: bool) -> Bench:
        """`beside_plain` also creates the model of the plain loop."""
        components, script = random_model(options), reference.Script(options.tokens, CHAIN)
        plain = scripted(deepcopy(components), script, arrange=False) if beside_plain else None
        if kind := kind_of_weights(options.weights, options.where, options.dtype):
            quantize_unet(components.unet, kind, options.where)
        pipe = scripted(components, script, arrange=True)
        side = pipe.config.image_size
        noise = np.random.default_rng(0).integers(0, 256, (48, 48, 3), dtype=np.uint8)
        source = Image.fromarray(noise).resize((side, side), Image.Resampling.BICUBIC)
        return cls(pipe, plain, source, options.where)

    def draw(self, way: str) -> tuple[dict[str, float], Image.Image]:
        """Plans and renders the edit."""
        clock = Clock(self.device)
        self.pipe.renderer.encode.forget()  # so that each variant encodes its pictures itself
        if way == "plain loop":
            assert self.plain is not None
            arguments = {"script": cast(ScriptedPlanner, self.plain.planner).script, "on_stage": clock.begin}
            _, picture = reference.edit(self.plain, INSTRUCTION, self.source, SCALES, **arguments)
        else:
            clock.begin("plan")
            options = {"preset": way, "guidance_scales": SCALES, "on_drawing": clock.begin}
            picture = self.pipe(INSTRUCTION, self.source, **options).images[0]
        clock.begin("")
        return clock.seconds, picture


def reset_peak(device: torch.device) -> None:
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats(device)


def peak(device: torch.device, beside: int = 0) -> int:
    """Peak memory in MB, minus `beside` bytes; on the CPU, the peak of the whole process so far."""
    if device.type == "cuda":
        return (torch.cuda.max_memory_allocated(device) - beside) // 10**6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000  # kilobytes, on Linux
