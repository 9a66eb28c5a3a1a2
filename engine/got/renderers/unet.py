"""GoT's renderer: SDXL's UNet with semantic, spatial and reference guidance (SSGM, paper sec. 4.3)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from engine.api.chain import Region
from engine.got.faults import not_finite
from engine.got.kernels import usable
from engine.got.kernels.layers import use_own_layers
from engine.got.progress import Watch
from engine.got.renderers.compiled import (
    channels_last,
    compile_blocks,
    fuse_projections,
    release_blocks,
    take_apart,
)
from engine.got.renderers.conditioning import (
    Conditioning,
    PictureEncoder,
    SemanticGuidance,
    image_guidance,
    image_to_tensor,
    semantic_guidance,
    size_ids,
    tensor_to_image,
)
from engine.got.renderers.denoise import GuidedUNet, denoise
from engine.got.renderers.guidance import needed_branches
from engine.got.renderers.masks import box_masks
from engine.got.renderers.options import RenderOptions
from engine.got.renderers.projectors import Projectors
from engine.got.renderers.recorded import RecordedUNet
from engine.got.renderers.schedulers import make_scheduler
from engine.got.residence.tiers import Tier
from engine.imaging.fit import Fit


class UNetRenderer:
    """Renders with a UNet and a VAE. Its only state from earlier requests is the latents of the last pictures."""

    def __init__(
        self,
        unet: UNet2DConditionModel,
        vae: AutoencoderKL,
        projectors: Projectors,
        scheduler_config: dict[str, Any],
    ) -> None:
        self.unet = unet
        self.vae = vae
        self.projectors = projectors
        self.scheduler_config = scheduler_config
        self.encode = PictureEncoder(vae)
        self.recorded: RecordedUNet | None = None
        """Runs the UNet's passes as CUDA graphs, on a GPU on which the UNet stays."""
        self._branches_at_once = 4

    @property
    def bridge(self) -> Mapping[str, nn.Module]:
        """The projectors."""
        return {"projectors": self.projectors}

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """UNet and VAE."""
        return {"unet": self.unet, "vae": self.vae}

    def understand(self, states: Tensor) -> SemanticGuidance:
        """(1, queries, d) last hidden states -> the replacement for SDXL's text embeddings."""
        return semantic_guidance(states, self.projectors)

    def draw(
        self,
        meaning: SemanticGuidance,
        regions: Sequence[Region],
        reference: Image.Image,
        options: RenderOptions,
        fit: Fit,
        watch: Watch,
        turn: int,
    ) -> Image.Image:
        """Encodes the guidance of the turn, denoises and decodes."""
        latents = image_guidance(self.encode, reference, box_masks(fit, regions), self.unet.dtype)
        time_ids = size_ids(fit.canvas).to(self.unet.device)
        conditioning = Conditioning(meaning.to(self.unet.device), *latents, time_ids)

        branches = needed_branches(options.guidance_scales)
        guided = GuidedUNet(
            self.unet, conditioning, branches, self._branches_at_once, options.cache_interval, self.recorded
        )
        watch.drawing("denoise")
        result = denoise(
            guided,
            make_scheduler(options.scheduler, self.scheduler_config),
            options.seed,
            options.num_inference_steps,
            partial(watch.step, turn=turn),
            watch.on_latents,
            options.guidance_from,
            options.guidance_until,
        )

        watch.drawing("decode")
        pixels = self._decode(result)
        if not pixels.isfinite().all():  # it would be black
            raise not_finite("The renderer produced numbers that are not finite.")
        return tensor_to_image(pixels)

    @torch.inference_mode()
    def preview(self, latents: Tensor, side: int) -> Image.Image:
        """(1, C, h, w) latents of a step -> RGB; its longer side has at most `side` pixels.

        The latents are averaged to a small size before decoding, which takes a fraction of a step's time. They are also
        scaled to the standard deviation of finished latents: before the end they are mostly noise, whose deviation
        depends on the scheduler.
        """
        scale = min(1.0, side / 8 / max(latents.shape[-2:]))
        size = [max(1, round(length * scale)) for length in latents.shape[-2:]]
        small = functional.interpolate(latents.float(), size=size, mode="area")
        return tensor_to_image(self._decode(small / small.std().clamp(min=1.0)))

    def fidelity(self, canvas: Image.Image) -> float:
        """PSNR in dB of a picture after encoding and decoding by the VAE."""
        reconstruction = self.vae.decode(self.encode([canvas]), return_dict=False)[0][0].float().cpu()
        error = (reconstruction.clamp(-1, 1) - image_to_tensor(canvas)).square().mean().item()
        return 10 * math.log10(4 / max(error, 1e-9))  # values run from -1 to 1

    def use(self, tier: Tier, side: int) -> None:
        """Sets the number of branches per batch and the VAE's tiling, as the policy says."""
        self._branches_at_once = tier.branches_at_once
        self.vae.use_tiling = self.vae.use_slicing = tier.tiled_vae
        half = side // 2  # by default the VAE does not tile pictures of the size that it was trained for
        self.vae.tile_sample_min_size = half
        self.vae.tile_latent_min_size = half // 2 ** (len(self.vae.config["block_out_channels"]) - 1)

    def arrange(self) -> None:
        """Uses channels last for the UNet's convolutions, and our own layers where Triton is available."""
        channels_last(self.unet)
        use_own_layers(self.unet)
        use_own_layers(self.vae)

    def settle(self) -> None:
        """Fuses the attention matrices, and records the UNet's passes as CUDA graphs."""
        fuse_projections(self.unet)
        self.recorded = RecordedUNet(self.unet)

    def leave(self) -> None:
        """Undoes `settle` and `warm_up`, and clears the cache of encoded pictures."""
        self.encode.forget()
        self.recorded = None
        release_blocks(self.unet)
        take_apart(self.unet)

    def warm_up(self, trial: Callable[[], object]) -> None:
        """Compiles the UNet's blocks where our own kernels run. Elsewhere only runs the trial, so that kernels are
        selected."""
        if usable(self.unet.device):
            self.recorded = RecordedUNet(self.unet)  # earlier graphs do not use the compiled blocks
            compile_blocks(self.unet, trial)
        else:
            trial()

    def _decode(self, latents: Tensor) -> Tensor:
        """(1, C, h, w) denoised latents -> (3, height, width)"""
        scaled = latents.to(self.vae.device, self.vae.dtype) / self.vae.config["scaling_factor"]
        return self.vae.decode(scaled, return_dict=False)[0][0]
