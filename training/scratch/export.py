"""A finished run as a model in the native layout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from transformers import GenerationConfig

from engine.got.checkpoint import Components, save_native
from engine.got.config import Defaults, GoTConfig
from engine.got.guidance import GuidanceScales
from training.scratch.mllm_phases import build_image_processor
from training.scratch.unet_phase import SCHEDULER
from training.storybook.drawing import SIZE

if TYPE_CHECKING:
    from training.scratch.run import Scratch

_FILE_SIZE = 16 * 10**6
"""Bytes of tensors in one file: small enough for every host of repositories."""


def export(scratch: Scratch, output: Path) -> None:
    """Writes the newest weights of every part as float16 to `output`, replacing what is there."""
    recipe = scratch.recipe
    tokenizer = scratch.tokenizer()
    mllm, unet = scratch.newest()
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
        vae=scratch.vae(),
        scheduler_config=dict(SCHEDULER),
        output_projector=mllm.output_projector,
        output_projector_add=mllm.output_projector_add,
    )
    save_native(output, components, config, dtype=torch.float16, max_shard_size=_FILE_SIZE, replace=True)
