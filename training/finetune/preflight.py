"""Checks before a run starts that it fits on this machine, with a real step at the largest size and a preview."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import psutil
import torch
from PIL import Image

from engine.api.errors import ModelError, OutputError
from engine.got.renderers.conditioning import image_to_tensor, tensor_to_image
from engine.got.residence.tiers import free_memory
from training.data.manifest import Row
from training.data.pair import KINDS
from training.evaluate.edits import measure
from training.finetune.examples import load_example
from training.finetune.run import Finetune
from training.pages import sheet_of

REPORT, TARGETS = "preflight.json", "preflight-targets.png"
_TARGETS, _SIDE = 8, 512
"""How many reconstructions of targets to write, and their maximum longer side in pixels."""
_ROOM = 0.95
"""Share of the device's memory that a step may use."""


def preflight(run: Finetune) -> dict[str, Any]:
    """Measures the resources that the run needs, and prints and writes a report; does not change the run.

    Raises OutputError if there is too little disk space, ModelError if there is too little memory; both say what to
    change.
    """
    run.journal.say("preflight", 0)
    disk = _disk(run)
    seconds, peak = _one_step(run)
    memory = _device_memory(run)
    rows = (run.held_out or run.rows)[:1]
    steps = run.config.validation.num_inference_steps or None
    preview = time.monotonic()
    if whole := run.whole_model():
        components, parts = whole
        for part in parts.values():
            part.eval()
        measure(components, rows, steps, run.folder / "preflight.png")
        sheet_of([_reconstruction(run, row) for row in run.rows[:_TARGETS]]).save(run.folder / TARGETS)
    report = {
        "data_findings": _findings(Path(run.config.data)),
        "pairs": len(run.rows),
        "held_out": len(run.held_out),
        "sizes": sorted({f"{int(size[1])}x{int(size[0])}" for size in run.batches.by_size}),
        "trained_parameters": sum(p.numel() for p in run.weights.values()),
        "disk_needed": disk,
        "disk_free": shutil.disk_usage(run.folder).free,
        "peak_memory": peak,
        "memory": memory,
        "seconds_per_step": round(seconds, 3),
        "hours": round(seconds * run.config.training.steps / 3600, 3),
        "preview_seconds": round(time.monotonic() - preview, 2),
    }
    if run.accelerator.is_main_process:
        print("\n".join(f"{name.replace('_', ' ')}: {_told(name, value)}" for name, value in report.items()))
        print(f"Best quality that the base model's autoencoder allows: {run.folder / TARGETS}")
    _demand(run, report)
    if run.accelerator.is_main_process:
        (run.folder / REPORT).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return report


def _findings(data: Path) -> dict[str, int]:
    """Returns the number of findings by kind from the report of `got annotate`; {} if there is no report."""
    path = data / "report.json"
    return json.loads(path.read_text(encoding="utf-8"))["counts"] if path.exists() else {}


def _reconstruction(run: Finetune, row: Row) -> list[Image.Image]:
    """Returns a target and its reconstruction by the autoencoder.

    The autoencoder is not trained, so the model cannot learn details that are lost here.
    """
    target = row.pictures()[1]
    target.thumbnail((_SIDE, _SIDE))
    target = target.resize([side // 8 * 8 for side in target.size])  # type: ignore[arg-type] - two sides
    vae = run.components.vae
    with torch.no_grad():
        latents = vae.encode(image_to_tensor(target)[None].to(vae.device, vae.dtype), return_dict=False)[0].mode()
        return [target, tensor_to_image(vae.decode(latents, return_dict=False)[0][0])]


def _disk(run: Finetune) -> int:
    """Returns the bytes of all retained checkpoints, one that is being written, and the output."""
    weights = sum(p.numel() * p.element_size() for p in run.weights.values())
    copies = 3 + bool(run.config.training.ema)  # the weights, Adam's two moments, the average
    model = 0 if run.config.makes_adapter else sum(_size(part) for part in run.parts.values())
    return weights * copies * (run.config.training.keep + 1) + weights + model


def _size(part: torch.nn.Module) -> int:
    return sum(p.numel() * p.element_size() for p in part.parameters())


def _one_step(run: Finetune) -> tuple[float, int]:
    """Returns (seconds, peak bytes) of a real step with the largest pictures; restores weights and optimizer."""
    step = max(range(run.batches.batches_per_epoch), key=lambda s: _pixels(run, s))
    before = {k: p.detach().clone() for k, p in run.weights.items()}
    run.average = {}
    if run.accelerator.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    start = time.monotonic()
    run.step(step)
    seconds = time.monotonic() - start
    peak = run.peak_memory()
    with torch.no_grad():
        for name, value in before.items():
            run.weights[name].copy_(value)
    run.optimizer.state.clear()
    return seconds, peak


def _pixels(run: Finetune, step: int) -> int:
    return load_example(run.batches.rows(step)[0])["target"].numel()


def _device_memory(run: Finetune) -> int:
    if run.accelerator.device.type == "cuda":
        return free_memory(run.accelerator.device) or 0
    return psutil.virtual_memory().total


def _demand(run: Finetune, report: dict[str, Any]) -> None:
    if report["disk_needed"] > report["disk_free"]:
        raise OutputError(
            "disk_too_small",
            "The run needs {needed} on disk; {folder} has {free}.",
            "Free some space, lower training.keep, or choose another folder with --runs.",
            needed=_told("disk", report["disk_needed"]),
            folder=run.folder,
            free=_told("disk", report["disk_free"]),
        )
    if report["peak_memory"] > _ROOM * report["memory"]:
        raise ModelError(
            "memory_too_small",
            "A step needs {peak} of the {memory} of memory.",
            "Change {changes}.",
            peak=_told("memory", report["peak_memory"]),
            memory=_told("memory", report["memory"]),
            changes=_remedy(run),
        )


def _remedy(run: Finetune) -> str:
    """Returns the first setting that would reduce a step's memory and is not set yet."""
    settings = run.config.training
    if settings.micro_batch > 1:
        return "training.micro_batch to 1"
    if not settings.gradient_checkpointing:
        return "training.gradient_checkpointing to true"
    if not run.config.makes_adapter:
        return "the adapter's parts from full to lora"
    return "pictures.buckets to smaller sizes, or adapter.rank to a smaller one"


def _told(name: str, value: Any) -> str:  # noqa: ANN401
    if name.startswith(("disk", "memory", "peak")):
        return f"{value / 1e9:.2f} GB"
    if name == "data_findings":
        return ", ".join(f"{count} × {KINDS[kind]}" for kind, count in sorted(value.items())) or "none"
    return ", ".join(value) if isinstance(value, list) else str(value)
