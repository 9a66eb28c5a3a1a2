"""An edit as in the paper's code, rewritten in plain form: the baseline of `benchmarks.edit`.

`generate` writes the chain. The query tokens are read in a second forward pass over everything, without a cache. Each
picture is encoded separately. All four branches go through the UNet at every step, whatever their scales. Then
everything is read again to learn whether the model continues. Weights, prompts, preprocessing and schedulers are the
project's own, so that only the procedure differs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import torch
from PIL import Image
from torch import Tensor

from engine.api.chain import Chain
from engine.got import GoTPipeline, GuidanceScales
from engine.got.drawing import Drawing
from engine.got.presets import render_options
from engine.got.renderers.conditioning import image_to_tensor, size_ids, tensor_to_image
from engine.got.renderers.masks import box_masks
from engine.got.renderers.schedulers import make_scheduler

OnStage = Callable[[str], None]
"""Called as a stage begins: plan, encode, denoise, decode and more."""


@dataclass(frozen=True)
class Script:
    """For random weights: this many arbitrary tokens are written, and this chain is used instead of them."""

    tokens: int
    chain: str


@torch.inference_mode()
def edit(
    pipe: GoTPipeline,
    instruction: str,
    source: Image.Image,
    scales: GuidanceScales | None = None,
    steps: int | None = None,
    script: Script | None = None,
    on_stage: OnStage = lambda stage: None,
) -> tuple[Chain, Image.Image]:
    """Returns the chain's first turn and its picture."""
    on_stage("plan")
    words, device = pipe.planner.vocabulary, pipe.planner.mllm.device
    tokens = pipe.planner.source_processor.tokens
    image_inputs = {key: value.to(device) for key, value in pipe.planner.source_processor(source).items()}
    ids = words.encode_prompt(instruction, 1, tokens)
    chain_ids = _generate(pipe, ids, image_inputs, script.tokens if script else None)
    text = words.tokenizer.decode(chain_ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
    chain = Chain.from_turns([script.chain if script else text])

    everything = [*ids, *chain_ids, *words.queries]
    hidden = pipe.planner.mllm.model(**_inputs(pipe, everything), **image_inputs, use_cache=False).last_hidden_state
    on_stage("encode")
    options = render_options(pipe.config, "edit", guidance_scales=scales, num_inference_steps=steps)
    drawing = Drawing(options, source)
    latents = _denoise(pipe, drawing, hidden[:, -words.num_query_tokens :], chain, on_stage)
    on_stage("decode")
    decoded = pipe.renderer.vae.decode(
        latents.to(pipe.renderer.vae.dtype) / pipe.renderer.vae.config["scaling_factor"], return_dict=False
    )[0]
    drawing.add(tensor_to_image(decoded[0]))
    on_stage("more")
    _generate(pipe, everything, image_inputs, 1 if script else None)  # the model says that this was the last picture
    return chain, drawing.images[0]


def _inputs(pipe: GoTPipeline, ids: list[int]) -> dict[str, Tensor]:
    input_ids = torch.tensor([ids], device=pipe.planner.mllm.device)
    is_image = (input_ids == pipe.planner.mllm.config.image_token_id).long()
    return {"input_ids": input_ids, "attention_mask": torch.ones_like(input_ids), "mm_token_type_ids": is_image}


def _generate(pipe: GoTPipeline, ids: list[int], image_inputs: dict[str, Tensor], tokens: int | None) -> list[int]:
    """Greedy search by transformers after these tokens, up to a picture, the end, or the number of tokens."""
    words = pipe.planner.vocabulary
    mllm = cast(Any, pipe.planner.mllm)  # the method is missing in transformers' annotations
    until = {
        "eos_token_id": [words.im_gen_start, words.vision_start, words.end_of_text],
        "max_new_tokens": tokens or pipe.planner.max_new_tokens,
        "min_new_tokens": tokens or 0,
    }
    out = mllm.generate(**_inputs(pipe, ids), **image_inputs, do_sample=False, **until)
    return out[0, len(ids) :].tolist()


def _encode(pipe: GoTPipeline, picture: Image.Image) -> Tensor:
    pixels = image_to_tensor(picture).unsqueeze(0).to(pipe.renderer.vae.device, pipe.renderer.vae.dtype)
    return pipe.renderer.vae.encode(pixels, return_dict=False)[0].mode()


def _denoise(pipe: GoTPipeline, drawing: Drawing, queries: Tensor, chain: Chain, on_stage: OnStage) -> Tensor:
    """(1, C, h, w): the four-branch equation at every step (paper sec. 4.3)."""
    options, scales = drawing.options, drawing.options.guidance_scales
    project, project_add = pipe.renderer.projectors.output_projector, pipe.renderer.projectors.output_projector_add
    reference = _encode(pipe, drawing.reference())
    spatial = torch.stack([_encode(pipe, mask) for mask in box_masks(drawing.fit, chain.mask_regions(0))]).mean(dim=0)
    null, meaning, no_meaning = torch.zeros_like(reference), project(queries), project(torch.zeros_like(queries))
    added = {
        "text_embeds": project_add(queries).mean(dim=1).expand(4, -1),
        "time_ids": size_ids(drawing.fit.canvas).to(reference.device).expand(4, -1),
    }
    generator = torch.Generator().manual_seed(options.seed)
    scheduler = make_scheduler(options.scheduler, pipe.renderer.scheduler_config)
    scheduler.set_timesteps(options.num_inference_steps, device=reference.device)
    latents = torch.randn(reference.shape, generator=generator).to(reference.device) * scheduler.init_noise_sigma
    on_stage("denoise")
    for timestep in scheduler.timesteps:
        noisy = scheduler.scale_model_input(latents, timestep).to(reference.dtype)
        branches = [(reference, spatial), (reference, null), (reference, null), (null, null)]
        sample = torch.cat([torch.cat([noisy, *images], dim=1) for images in branches])
        context = torch.cat([meaning, meaning, no_meaning, no_meaning])
        predicted = pipe.renderer.unet(
            sample, timestep, encoder_hidden_states=context, added_cond_kwargs=added, return_dict=False
        )[0]
        full, no_spatial, no_semantic, nothing = predicted.float().chunk(4)
        noise_pred = (
            nothing
            + scales.semantic * (no_spatial - no_semantic)
            + scales.spatial * (full - no_spatial)
            + scales.reference * (no_semantic - nothing)
        )
        latents = scheduler.step(noise_pred, timestep, latents, return_dict=False)[0]
    return latents
