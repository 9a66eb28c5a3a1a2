"""The denoising loop: from noise to latents, with guidance at each step (paper sec. 4.3)."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

from engine.got.renderers.conditioning import Conditioning
from engine.got.renderers.guidance import Branch, combine
from engine.got.renderers.recorded import RecordedUNet
from engine.got.renderers.reuse import ReusingUNet
from engine.got.renderers.schedulers import Scheduler


class GuidedUNet:
    """The UNet with one image's guidance. All branches run in one batch, or `batch_size` at once.

    The whole UNet runs at every `cache_interval`-th step; see `ReusingUNet`.
    """

    def __init__(
        self,
        unet: UNet2DConditionModel,
        conditioning: Conditioning,
        branches: list[Branch],
        batch_size: int = 4,
        cache_interval: int = 1,
        recorded: RecordedUNet | None = None,
    ) -> None:
        self.unet = unet
        self.branches = branches
        self.reusing = ReusingUNet(unet, cache_interval, batch_size, recorded)
        self.prompt_embeds = conditioning.prompt_embeds(branches)
        self.image_latents = conditioning.image_latents(branches)
        self.latents_shape = conditioning.reference_latents.shape
        self.added = {
            "text_embeds": conditioning.semantic.pooled_prompt_embeds,
            "time_ids": conditioning.add_time_ids,
        }

    def predict_branches(self, latents: Tensor, timestep: Tensor, count: int | None = None) -> Tensor:
        """(1, C, h, w) latents, scaled by the scheduler -> (branches, C, h, w). `count` selects the first branches;
        None: all."""
        image_latents, prompt_embeds = self.image_latents[:count], self.prompt_embeds[:count]
        noisy = latents.to(image_latents.dtype).expand(len(image_latents), -1, -1, -1)
        sample = torch.cat([noisy, image_latents], dim=1)
        return self.reusing(sample, timestep, prompt_embeds, self.added)

    def predict(self, latents: Tensor, timestep: Tensor) -> Tensor:
        """(1, C, h, w) -> the guided noise_pred, (1, C, h, w), float32."""
        return combine(self.predict_branches(latents, timestep).float(), self.branches)

    def predict_alone(self, latents: Tensor, timestep: Tensor) -> Tensor:
        """(1, C, h, w) -> the noise_pred of the branch with the most conditions, (1, C, h, w), float32."""
        return self.predict_branches(latents, timestep, 1).float()


def denoise(
    guided: GuidedUNet,
    scheduler: Scheduler,
    seed: int,
    num_inference_steps: int,
    on_step: Callable[[int, int], None],
    on_latents: Callable[[Tensor], None] | None = None,
    guidance_from: float = 0.0,
    guidance_until: float = 1.0,
) -> Tensor:
    """Returns latents (1, C, h, w), float32, scaled by the VAE's `scaling_factor`.

    All noise is drawn on the CPU in float32, so a seed gives the same image on every device. `on_step(step, total)` is
    called after each step, from 1 to total; it may raise to cancel. Before it, `on_latents` gets the step's latents.
    `guidance_from` and `guidance_until` limit the guided steps, as fractions of all steps.
    """
    device = guided.unet.device
    generator = torch.Generator().manual_seed(seed)
    scheduler.set_timesteps(num_inference_steps, device=device)
    latents = torch.randn(guided.latents_shape, generator=generator).to(device) * scheduler.init_noise_sigma
    noise_source = {"generator": generator} if "generator" in inspect.signature(scheduler.step).parameters else {}
    total = len(scheduler.timesteps)
    for step, timestep in enumerate(scheduler.timesteps, start=1):
        is_guided = guidance_from * total < step <= guidance_until * total
        predict = guided.predict if is_guided else guided.predict_alone
        noise_pred = predict(scheduler.scale_model_input(latents, timestep), timestep)
        latents = scheduler.step(noise_pred, timestep, latents, return_dict=False, **noise_source)[0]
        if on_latents:
            on_latents(latents)
        on_step(step, total)
    return latents
