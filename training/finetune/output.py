"""Writes the result of a fine-tuning: an adapter for the engine and for other programs, or a whole model."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from engine.got.adapters import apply_adapters
from engine.got.files.adapter import CONFIG, WEIGHTS
from engine.got.files.checkpoint import Components, load_components, save_native
from engine.got.pipeline import GoTPipeline
from engine.output import new_folder
from training.data.manifest import Row
from training.finetune import lora
from training.finetune.config import FinetuneConfig, facts

KOHYA = "unet-kohya.safetensors"
_EXAMPLES = 5


def base_hash(folder: Path) -> str:
    """Returns the SHA-256 of a model's weight files and their names, in the order of the names."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.safetensors")):
        digest.update(path.relative_to(folder).as_posix().encode())
        with open(path, "rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def write_output(
    components: Components, parts: dict[str, nn.Module], config: FinetuneConfig, base: str, rows: list[Row]
) -> None:
    """Writes the adapter, or a whole model if a part was trained in full. Raises OutputError.

    Writing a whole model merges LoRA into the parts.
    """
    output = Path(config.output)
    about = provenance(config, base, rows)
    if config.makes_adapter:
        write_adapter(output, parts, config, about)
        return
    lora.merge(components)
    origin = components.config.provenance | {"fine_tuned": about}
    model_config = type(components.config)(**vars(components.config) | {"name": config.name, "provenance": origin})
    save_native(output, components, model_config, replace=True)


def provenance(config: FinetuneConfig, base: str, rows: list[Row]) -> dict[str, Any]:
    """Returns the origin of an adapter, with example instructions that show its purpose."""
    return {
        "base": config.base,
        "base_sha256": base,
        "data_license": config.license,
        "pairs": len(rows),
        "examples": sorted({row.instruction for row in rows})[:_EXAMPLES],
        "training": facts(config),
    }


def write_adapter(output: Path, parts: dict[str, nn.Module], config: FinetuneConfig, about: dict[str, Any]) -> None:
    """Writes adapter.json and adapter.safetensors, and the UNet's weights again under kohya's names."""
    pairs = {name: (down.detach().cpu(), up.detach().cpu()) for name, (down, up) in lora.updates(parts).items()}
    description = {
        "format_version": 1,
        "name": config.name,
        "rank": config.adapter.rank,
        "alpha": config.adapter.alpha,
        "license": config.license,
        "provenance": about,
    }
    tensors = {f"{n}.lora_A.weight": p[0].contiguous() for n, p in pairs.items()}
    tensors |= {f"{n}.lora_B.weight": p[1].contiguous() for n, p in pairs.items()}
    with new_folder(output, replace=True) as folder:
        text = json.dumps(description, indent=2, ensure_ascii=False) + "\n"
        (folder / CONFIG).write_text(text, encoding="utf-8")
        save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
        if unet := kohya_names(pairs, config.adapter.alpha):
            save_file(unet, folder / KOHYA, metadata={"ss_network_dim": str(config.adapter.rank)})
        for path in folder.glob("*.safetensors"):
            shutil.copymode(folder / CONFIG, path)  # safetensors makes files that only their owner can read


def kohya_names(pairs: dict[str, tuple[Tensor, Tensor]], alpha: float) -> dict[str, Tensor]:
    """Returns the UNet's LoRA weights under the names that kohya's scripts and compatible programs use."""
    tensors: dict[str, Tensor] = {}
    for name, (down, up) in pairs.items():
        part, _, module = name.partition(".")
        if part == "unet":
            key = "lora_unet_" + module.replace(".", "_")
            tensors[f"{key}.lora_down.weight"] = down.contiguous()
            tensors[f"{key}.lora_up.weight"] = up.contiguous()
            tensors[f"{key}.alpha"] = torch.tensor(alpha)
    return tensors


def merge_adapters(base: Path, adapters: list[tuple[Path, float]], output: Path) -> None:
    """Writes a whole model with adapters merged into it, each with its weight. Raises EngineError."""
    components = load_components(base, torch.device("cpu"), torch.float32)
    apply_adapters(GoTPipeline.from_components(components), adapters)
    origin = components.config.provenance | {"merged": [[str(path.name), weight] for path, weight in adapters]}
    config = type(components.config)(**vars(components.config) | {"name": output.name, "provenance": origin})
    dtype = next(iter(load_file(next(iter(sorted(base.rglob("*.safetensors"))))).values())).dtype
    save_native(output, components, config, dtype=dtype)
    print(f"Wrote {output}", file=sys.stderr)
