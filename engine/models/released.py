"""The repositories of the released GoT-6B, and the files that an import reads."""

from __future__ import annotations

from dataclasses import dataclass

MLLM_BASE, UNET_BASE = "Qwen2.5-VL-3B-Instruct", "stable-diffusion-xl-base-1.0"
"""Folders next to the checkpoint; their configs and tokenizer are read, their weights are not."""


@dataclass(frozen=True)
class Source:
    """A repository of the hub."""

    repository: str
    folder: str
    """The folder that an import looks for."""
    patterns: tuple[str, ...]
    """Patterns of the paths that an import reads."""


GOT_6B = (
    Source("LucasFang/GoT-6B", "GoT-6B", ("*.bin", "*.safetensors", "*.json")),
    Source(
        f"Qwen/{MLLM_BASE}",
        MLLM_BASE,
        (
            "config.json",
            "generation_config.json",
            "preprocessor_config.json",
            "tokenizer*.json",
            "vocab.json",
            "merges.txt",
            "chat_template*",
        ),
    ),
    Source(
        f"stabilityai/{UNET_BASE}",
        UNET_BASE,
        ("unet/config.json", "vae/config.json", "scheduler/*.json"),
    ),
)
