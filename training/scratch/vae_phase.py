"""Phase 1: trains the autoencoder. After whitening, its latents are four uncorrelated channels of unit variance."""

from __future__ import annotations

import random
from typing import Any, cast

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn

from engine.api.chain import COLORS as MASK_COLORS
from training.measures import blurred_lab
from training.scratch.loop import Phase
from training.storybook.drawing import COLORS, SIZE
from training.storybook.edits import sample
from training.storybook.scoring import nearest_thing

CROP = 64
_CANVASES = 0.07  # share of box canvases among the pictures, because the encoder encodes spatial guidance, too


def build_vae() -> AutoencoderKL:
    """Returns a plain KL autoencoder: factor 4, 4 latent channels, 0.65 M parameters, one norm group, no attention."""
    channels = (16, 32, 64)
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        block_out_channels=channels,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=1,
        sample_size=SIZE,
        scaling_factor=1.0,
        mid_block_add_attention=False,
    )


def to_tensor(pictures: np.ndarray) -> Tensor:
    """Converts uint8 (N, H, W, 3) to float32 (N, 3, H, W) in [-1, 1]."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float().div(127.5).sub(1).contiguous()


def _canvas(r: random.Random) -> np.ndarray:
    x1, x2 = sorted(r.sample(range(0, SIZE + 1, 2), 2))
    y1, y2 = sorted(r.sample(range(0, SIZE + 1, 2), 2))
    picture = np.zeros((SIZE, SIZE, 3), np.uint8)
    picture[y1:y2, x1:x2] = r.choice(list(MASK_COLORS.values())[:4])
    return picture


class VaePhase(Phase):
    """Trains the reconstruction of 64-pixel crops from noisy latents: MSE + 0.3 L1 + 0.5 gradient L1."""

    def __init__(self, latent_noise: float = 0.2, pool: int = 12_000) -> None:
        super().__init__()
        self.vae = build_vae()
        self.latent_noise = latent_noise
        r = random.Random(0)
        items = [_canvas(r) if r.random() < _CANVASES else sample(10**9 + i).source for i in range(pool)]
        self.pool = np.stack([p if isinstance(p, np.ndarray) else p.render() for p in items if p is not None])

    def batch(self, step: int, size: int) -> Tensor:
        rng = np.random.default_rng(step)
        crops = np.empty((size, CROP, CROP, 3), np.uint8)
        for i, (n, y, x) in enumerate(
            zip(rng.integers(len(self.pool), size=size), *rng.integers(SIZE - CROP + 1, size=(2, size)), strict=True)
        ):
            crops[i] = self.pool[n, y : y + CROP, x : x + CROP]
        return to_tensor(crops)

    def forward(self, batch: Tensor) -> dict[str, Tensor]:
        latents = self.vae.encode(batch, return_dict=False)[0].mode().float()
        spread = latents.std((0, 2, 3), keepdim=True)
        noisy = latents + self.latent_noise * spread.detach() * torch.randn_like(latents)
        error = self.vae.decode(noisy, return_dict=False)[0].float() - batch
        edges = error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
        moments = latents.mean((0, 2, 3)).square().mean() + (1 - spread).square().mean()
        mse = error.square().mean()
        return {"loss": mse + 0.3 * error.abs().mean() + 0.5 * edges + 1e-4 * moments, "mse": mse}


def channels_last(module: nn.Module) -> None:
    """Sets the memory format of a convolutional network to channels last, the fastest one on a CPU."""
    cast(Any, module).to(memory_format=torch.channels_last)  # missing in torch's annotations


@torch.no_grad()
def whiten(vae: AutoencoderKL, pictures: Tensor) -> None:
    """Folds a 4x4 whitening of the latents into quant_conv and its inverse into post_quant_conv.

    Reconstructions are the same except for rounding.
    """
    latents = encode(vae, pictures).permute(1, 0, 2, 3).flatten(1).double()
    mean = latents.mean(1)
    values, vectors = torch.linalg.eigh(torch.cov(latents))
    forward = vectors @ torch.diag(values.rsqrt()) @ vectors.T
    back = vectors @ torch.diag(values.sqrt()) @ vectors.T
    into, out = cast(nn.Conv2d, vae.quant_conv), cast(nn.Conv2d, vae.post_quant_conv)
    into_bias, out_bias = cast(Tensor, into.bias), cast(Tensor, out.bias)
    c = len(mean)  # quant_conv outputs mean ‖ log-variance; only the mean is used
    weight, bias = into.weight[:c, :, 0, 0].double().cpu(), into_bias[:c].double().cpu()
    into.weight[:c] = (forward @ weight)[..., None, None].float()
    into_bias[:c] = (forward @ (bias - mean)).float()
    weight, bias = out.weight[:, :, 0, 0].double().cpu(), out_bias.double().cpu()
    out_bias.copy_((bias + weight @ mean).float())
    out.weight.copy_((weight @ back)[..., None, None].float())


@torch.no_grad()
def encode(vae: AutoencoderKL, pictures: Tensor, chunk: int = 32) -> Tensor:
    """Encodes pictures (N, 3, H, W) in [-1, 1]; returns latents (N, 4, H/4, W/4): the mode, unscaled, on the CPU."""
    parts = (p.to(vae.device) for p in pictures.split(chunk))
    return torch.cat([vae.encode(p, return_dict=False)[0].mode().float().cpu() for p in parts])


@torch.no_grad()
def decode(vae: AutoencoderKL, latents: Tensor, chunk: int = 32) -> Tensor:
    parts = (z.to(vae.device) for z in latents.split(chunk))
    return torch.cat([vae.decode(z, return_dict=False)[0].float().cpu() for z in parts]).clamp(-1, 1)


def validate_vae(vae: AutoencoderKL, count: int = 32) -> dict[str, Any]:
    """Returns figures over `count` held-out scenes: `psnr` of whole pictures in dB; `color_error`, the mean error (of
    255) where objects have their own color; and `nearest`, the share of objects whose reconstruction is closer to
    their own kind and color than to any other."""
    scenes = [s for s in (sample(2 * 10**9 + i).source for i in range(count)) if s is not None]
    pictures = np.stack([s.render() for s in scenes])
    results = ((decode(vae, encode(vae, to_tensor(pictures))) + 1) * 127.5).permute(0, 2, 3, 1).numpy()
    error = results - pictures
    psnr = -10 * np.log10(np.square(error / 255).mean((1, 2, 3)))
    errors, nearest = [], []
    for scene, picture, result, shift in zip(scenes, pictures, results, error, strict=True):
        pixels = blurred_lab(result.round().astype(np.uint8))
        for t in scene.things:
            nearest.append(nearest_thing(pixels, scene, t) == (t.kind, t.color))
            place = np.s_[t.y : t.y + t.height, t.x : t.x + t.width]
            own = np.abs(picture[place] - np.array(COLORS[t.color]) * scene.light).max(-1) < 3
            if own.sum() > 10:
                errors.append(np.abs(shift[place][own].mean(0)).mean())
    return {
        "psnr": round(float(psnr.mean()), 2),
        "color_error": round(float(np.mean(errors)), 2),
        "nearest": round(float(np.mean(nearest)), 4),
    }
