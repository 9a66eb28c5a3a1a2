"""Exports a finished run as a model in the native layout."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import GenerationConfig

from engine.got.files.checkpoint import Components, save_native
from engine.got.files.config import Defaults, GoTConfig
from engine.got.renderers.guidance import GuidanceScales
from training.scratch.config import Recipe
from training.scratch.mllm import Mllm
from training.scratch.source import build_image_processor
from training.scratch.unet_phase import SCHEDULER
from training.storybook.drawing import SIZE

_FILE_SIZE = 16 * 10**6
"""Maximum bytes of tensors in a file: small enough for all repository hosts."""


def export(
    recipe: Recipe,
    tokenizer: Any,  # noqa: ANN401 - transformers' tokenizers share no type
    mllm: Mllm,
    unet: UNet2DConditionModel,
    vae: AutoencoderKL,
    output: Path,
) -> None:
    """Writes the parts as a float16 model to `output`, and replaces an existing folder."""
    model = mllm.model
    model.generation_config = GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id, do_sample=False
    )
    defaults = recipe.defaults
    config = GoTConfig(
        name=recipe.name,
        source_size=SIZE,
        image_size=SIZE,
        license=recipe.license,
        source_frames="coordinates",
        provenance={"recipe": f"recipes/{recipe.name}.toml", "data": "storybook (procedural)", **recipe.trained},
        defaults=Defaults(
            num_inference_steps=defaults.num_inference_steps,
            scheduler=defaults.scheduler,
            guidance_scales={
                "edit": GuidanceScales(*defaults.edit),
                "text_to_image": GuidanceScales(*defaults.text_to_image),
            },
        ),
        familiar=recipe.familiar,
    )
    components = Components(
        config=config,
        tokenizer=tokenizer,
        image_processor=build_image_processor(),
        mllm=model,
        unet=unet,
        vae=vae,
        scheduler_config=dict(SCHEDULER),
        output_projector=mllm.output_projector,
        output_projector_add=mllm.output_projector_add,
    )
    save_native(output, components, config, dtype=torch.float16, max_shard_size=_FILE_SIZE, replace=True)
