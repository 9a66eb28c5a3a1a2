"""Where a GPU spends its time: the kernels of an edit, and the times of single operations in several variants.

Times are measured with the device's own clock, in milliseconds: the median of several runs after warm-ups.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from functools import partial
from statistics import median
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from benchmarks import reference
from benchmarks.card.model import CHAIN, INSTRUCTION, SCALES, Bench, ScriptedPlanner, peak, reset_peak
from benchmarks.card.parts import Figures, Options, Say
from engine.api.errors import ModelError
from engine.got.kernels import usable
from engine.got.planners.decoding import DecodingStep
from engine.got.recording import recorded
from engine.got.renderers.compiled import compile_blocks, release_blocks, take_apart
from engine.got.renderers.recorded import RecordedUNet
from engine.got.residence.quantize import Int8Linear, kind_of_weights, quantize_layers, quantize_unet
from engine.got.residence.tiers import RESIDENT

TOP = 15


def measure(options: Options, say: Say) -> None:
    """The most important measurements come first, so that a time limit costs only the trials."""
    bench = Bench.make(options, beside_plain=False)
    bench.pipe.use(RESIDENT, bench.device)
    say({"planner_milliseconds": _planner(bench)})
    say({"unet_milliseconds": _unet_as_the_default_has_it(bench)})
    say({"kernels": _top_kernels(bench)})
    say({"vae_megabytes": _vae(bench)})
    for name, figures in _other_unets(bench):
        say({f"unet_milliseconds, {name}": figures})
    say({"planner_milliseconds, int8": _planner_int8(bench)})
    cast(Any, bench.pipe.renderer.vae).to(memory_format=torch.channels_last)
    say({"vae_megabytes, channels last": _vae(bench)})


def milliseconds(run: Callable[[], object], device: torch.device, times: int = 5, warm: int = 2) -> float:
    """The median time on the device; on the CPU, where the times mean little, that of a single run."""
    times, warm = (times, warm) if device.type == "cuda" else (1, 0)
    for _ in range(warm):
        run()
    timings = []
    for _ in range(times):
        if device.type == "cuda":
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
            run()
            end.record()
            end.synchronize()
            timings.append(begin.elapsed_time(end))
        else:
            started = time.perf_counter()
            run()
            timings.append(1000 * (time.perf_counter() - started))
    return round(median(timings), 3)


@torch.inference_mode()
def _step(bench: Bench) -> Figures:
    """A pass of the UNet for four branches and for one."""
    unet, device = bench.pipe.renderer.unet, bench.device
    generator = torch.Generator(device).manual_seed(1)
    side = bench.pipe.config.image_size // 2 ** (len(bench.pipe.renderer.vae.config["block_out_channels"]) - 1)

    def random(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, device=device, dtype=unet.dtype)

    def run(branches: int) -> Callable[[], object]:
        sample = random(branches, 12, side, side)
        embeds = random(branches, 64, unet.config["cross_attention_dim"])
        added = {"text_embeds": random(branches, 1280), "time_ids": random(branches, 6).float()}
        timestep = torch.tensor(500.0, device=device)
        recorded = RecordedUNet(unet)
        return lambda: recorded(sample, timestep, embeds, added)

    return {f"{branches} branches": milliseconds(run(branches), device) for branches in (4, 1)}


def _unet_as_the_default_has_it(bench: Bench) -> Figures:
    """Replayed as a CUDA graph: the GPU's time, independent of the CPU."""
    return {"laid out": _step(bench), "blocks compiled": _compiled(bench)}


def _compiled(bench: Bench) -> Figures:
    """With the transformer blocks compiled."""
    started, figures = time.monotonic(), {}
    backend = "inductor" if bench.device.type == "cuda" else "eager"
    if compile_blocks(bench.pipe.renderer.unet, lambda: figures.update(_step(bench)), backend):
        figures["seconds with compiling"] = round(time.monotonic() - started, 1)
    release_blocks(bench.pipe.renderer.unet)
    return figures


def _other_unets(bench: Bench) -> Iterator[tuple[str, Figures]]:
    """Other variants of the UNet."""
    unet, device = bench.pipe.renderer.unet, bench.device
    if usable(device):
        from benchmarks.card.trials.blocks import use_own_blocks, use_usual_blocks

        blocks = use_own_blocks(unet)
        yield "blocks with our own kernels", _step(bench)
        use_usual_blocks(blocks)
    with torch.backends.cudnn.flags(enabled=True, benchmark=True):
        yield "convolutions chosen by trial", _step(bench)
    cast(Any, unet).to(memory_format=torch.contiguous_format)
    yield "channels not last", _step(bench)
    take_apart(unet)
    exact = deepcopy(unet).to("cpu")
    for name in ("fp8", "int8"):
        bench.pipe.renderer.unet = unet = deepcopy(exact).to(device)
        cast(Any, unet).to(memory_format=torch.channels_last)
        try:
            quantize_unet(unet, kind_of_weights(name, device, unet.dtype) or Int8Linear, device)
        except ModelError as error:
            yield name, {"refused": str(error)}
            continue
        yield name, _unet_as_the_default_has_it(bench)


@torch.inference_mode()
def _planner(bench: Bench) -> Figures:
    """Time per token with and without a CUDA graph, for several cache sizes, and the time to record the graph."""
    mllm, device, figures = bench.pipe.planner.mllm, bench.device, {}
    for room in (512, 1024, 2048):
        started = time.perf_counter()
        step = DecodingStep(mllm, room)
        if device.type == "cuda":
            torch.cuda.synchronize()
        recording = round(1000 * (time.perf_counter() - started), 1)
        figures[f"room for {room}"] = {"token": milliseconds(step._step, device, times=20), "recording": recording}
    figures["not recorded"] = milliseconds(step._advance, device)
    step._own_kernels = False
    figures["by PyTorch's kernels"] = milliseconds(recorded(step._advance, device), device, times=20)
    return figures


@torch.inference_mode()
def _planner_int8(bench: Bench) -> Figures:
    """The same with the language model quantized to 8 bits, as in the policy *eight bits*."""
    quantize_layers(bench.pipe.planner.mllm.model.language_model, Int8Linear, bench.device)
    figures: Figures = {}
    for name, expanded in (("codes read as they are", False), ("codes expanded first", True)):
        product = Int8Linear._product
        if expanded:
            Int8Linear._product = lambda self, x: F.linear(x, self.codes.to(x.dtype)) * self.scales.view(-1)
        step = DecodingStep(bench.pipe.planner.mllm, 1024)
        figures[name] = {"token": milliseconds(step._step, bench.device, times=20)}
        Int8Linear._product = product
    return figures


@torch.inference_mode()
def _vae(bench: Bench) -> Figures:
    """Memory besides the weights for encoding several pictures at once, and for decoding one."""
    vae, device, side = bench.pipe.renderer.vae, bench.device, bench.pipe.config.image_size
    figures: Figures = {}
    pixels = torch.rand(8, 3, side, side, device=device, dtype=vae.dtype)
    latents = vae.encode(pixels[:1], return_dict=False)[0].mode()
    runs: dict[str, Callable[[], object]] = {
        f"encode {count}": partial(vae.encode, pixels[:count], return_dict=False) for count in (1, 2, 4, 8)
    }
    for name, run in (runs | {"decode": partial(vae.decode, latents, return_dict=False)}).items():
        reset_peak(device)
        before = peak(device)
        duration = milliseconds(run, device, times=2, warm=1)
        figures[name] = {"megabytes": peak(device) - before, "milliseconds": duration}
    return figures


def _top_kernels(bench: Bench) -> list[Figures]:
    """The kernels that take the most time in an edit with few tokens and steps, after the warm-up."""
    bench.pipe.warm_up()
    cast(ScriptedPlanner, bench.pipe.planner).script = reference.Script(8, CHAIN)
    cuda = bench.device.type == "cuda"
    options = {"num_inference_steps": 4, "guidance_scales": SCALES}
    bench.pipe(INSTRUCTION, bench.source, **options)
    with profile(activities=[ProfilerActivity.CUDA if cuda else ProfilerActivity.CPU]) as profiler:
        bench.pipe(INSTRUCTION, bench.source, **options)
    key = "self_device_time_total" if cuda else "self_cpu_time_total"
    rows = sorted(profiler.key_averages(), key=lambda row: getattr(row, key), reverse=True)
    whole = sum(getattr(row, key) for row in rows) or 1
    release_blocks(bench.pipe.renderer.unet)
    return [
        {"kernel": row.key[:110], "share": round(getattr(row, key) / whole, 3), "calls": row.count}
        for row in rows[:TOP]
    ]
