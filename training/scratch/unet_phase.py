"""Phase 3: trains the SDXL UNet on semantic anchors, first on 16x16 crops of latents, then on full latents.

SDXL's micro-conditioning tells the UNet about a crop: time_ids contain its corner and size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn

from training.scratch.anchors import WIDTH, Anchors
from training.scratch.latents import LATENT
from training.scratch.loop import Phase
from training.storybook.drawing import SIZE

TRAIN_STEPS = 1000
SCHEDULER = {
    "_class_name": "EulerDiscreteScheduler",
    "num_train_timesteps": TRAIN_STEPS,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "prediction_type": "v_prediction",
    "timestep_spacing": "trailing",
    "steps_offset": 1,
}
_DROP = 0.05  # share of each condition combination other than the full one (supp. 8)
_NOISE_OFFSET = 0.1
_INSIDE = 4.0  # extra weight of latents that the edit changes


def build_unet(channels: tuple[int, ...] = (64, 128, 192)) -> UNet2DConditionModel:
    """Returns a tiny SDXL UNet: 12 input channels, text_time conditioning, cross-attention below the first level."""
    deeper = len(channels) - 1
    return UNet2DConditionModel(
        sample_size=LATENT,
        in_channels=12,
        out_channels=4,
        block_out_channels=channels,
        layers_per_block=1,
        down_block_types=("DownBlock2D",) + ("CrossAttnDownBlock2D",) * deeper,
        up_block_types=("CrossAttnUpBlock2D",) * deeper + ("UpBlock2D",),
        cross_attention_dim=WIDTH,
        attention_head_dim=4,
        transformer_layers_per_block=1,
        use_linear_projection=True,
        norm_num_groups=16,
        addition_embed_type="text_time",
        addition_time_embed_dim=32,
        projection_class_embeddings_input_dim=6 * 32 + WIDTH,
    )


def alphas_cumprod() -> Tensor:
    """Returns the cumulative alphas (TRAIN_STEPS,) of the scaled-linear schedule."""
    betas = torch.linspace(SCHEDULER["beta_start"] ** 0.5, SCHEDULER["beta_end"] ** 0.5, TRAIN_STEPS) ** 2
    return torch.cumprod(1 - betas, 0)


@dataclass
class LatentBatch:
    """Latents (N, 4, h, w), mask (N, h, w), anchors' indices (N, SLOTS) and time_ids (N, 6)."""

    source: Tensor
    target: Tensor
    spatial: Tensor
    mask: Tensor
    anchors: Tensor
    time_ids: Tensor


def diffusion_loss(
    unet: nn.Module, alphas: Tensor, b: LatentBatch, context: Tensor, pooled: Tensor
) -> dict[str, Tensor]:
    """Returns the v-prediction MSE, weighted higher where the edit changes the picture; drops conditions as in supp. 8.

    "inside" and "outside" are the unweighted errors in the mask and outside it.
    """
    n, device = len(b.target), b.target.device
    chance = torch.rand(n, 1, 1, 1, device=device)
    no_spatial, no_semantic, no_source = (chance < k * _DROP for k in (3, 2, 1))
    spatial = b.spatial.masked_fill(no_spatial, 0)
    context = context.masked_fill(no_semantic[..., 0], 0)
    source = b.source.masked_fill(no_source, 0)
    t = torch.randint(0, TRAIN_STEPS, (n,), device=device)
    noise = torch.randn_like(b.target) + _NOISE_OFFSET * torch.randn(n, 4, 1, 1, device=device)
    a, s = (x.view(-1, 1, 1, 1) for x in (alphas[t].sqrt(), (1 - alphas[t]).sqrt()))
    noisy = torch.cat([a * b.target + s * noise, source, spatial], 1)
    output = unet(
        noisy, t, encoder_hidden_states=context, added_cond_kwargs={"text_embeds": pooled, "time_ids": b.time_ids}
    ).sample.float()
    error = (output - (a * noise - s * b.target)).square().mean(1)
    weight = 1 + _INSIDE * b.mask
    weight = weight / weight.mean((1, 2), keepdim=True)
    inside = (error * b.mask).sum() / b.mask.sum().clamp(min=1)
    outside = (error * (1 - b.mask)).sum() / (1 - b.mask).sum().clamp(min=1)
    return {"loss": (error * weight).mean(), "inside": inside, "outside": outside}


class UnetPhase(Phase):
    """Trains the UNet on crops of latents with side `crop`: 16 in the first phase, LATENT in the second."""

    alphas: Tensor

    def __init__(self, unet: UNet2DConditionModel, data: dict[str, Tensor], crop: int = LATENT) -> None:
        super().__init__()
        self.unet, self.data, self.crop = unet, data, crop
        self.anchors = Anchors()
        self.register_buffer("alphas", alphas_cumprod(), persistent=False)

    def batch(self, step: int, size: int) -> LatentBatch:
        g = torch.Generator().manual_seed(step)
        return self.take(torch.randint(0, len(self.data["target"]), (size,), generator=g), g)

    def take(self, rows: Tensor, g: torch.Generator) -> LatentBatch:
        """Returns these rows of the data, each cropped around its edit."""
        corners = [self._corner(i, g) for i in rows.tolist()]

        def take(key: str) -> Tensor:
            c = self.crop
            return torch.stack(
                [self.data[key][i][..., y : y + c, x : x + c] for i, (y, x) in zip(rows.tolist(), corners, strict=True)]
            ).float()

        side = self.crop * (SIZE // LATENT)
        ids = [(SIZE, SIZE, y * SIZE // LATENT, x * SIZE // LATENT, side, side) for y, x in corners]
        return LatentBatch(
            source=take("source"),
            target=take("target"),
            spatial=take("spatial"),
            mask=take("mask"),
            anchors=self.data["anchors"][rows].long(),
            time_ids=torch.tensor(ids).float(),
        )

    def _corner(self, row: int, g: torch.Generator) -> tuple[int, int]:
        """Returns the top left corner (y, x) of a crop around a random latent that the edit changes."""
        places = self.data["mask"][row].nonzero()
        center = places[torch.randint(len(places), (1,), generator=g)][0]
        shift = torch.randint(-4, 5, (2,), generator=g) - self.crop // 2
        y, x = (center + shift).clamp(0, LATENT - self.crop).tolist()
        return y, x

    def forward(self, batch: LatentBatch) -> dict[str, Tensor]:
        context, pooled = self.anchors(batch.anchors)
        return diffusion_loss(self.unet, self.alphas, batch, context, pooled)


def load_shards(shards: list[dict[str, Tensor]]) -> dict[str, Any]:
    return {k: torch.cat([s[k] for s in shards]) for k in shards[0]}
