"""Layers of UNet and VAE that use our kernels on a GPU that supports them, and diffusers' code elsewhere."""

from __future__ import annotations

from typing import Any, cast

import torch.nn.functional as F
from diffusers import Transformer2DModel
from diffusers.models.resnet import ResnetBlock2D
from torch import Tensor, nn

from engine.got.kernels import usable


class _GroupNorm(nn.GroupNorm):
    """Keeps the picture's memory format."""

    def forward(self, input: Tensor) -> Tensor:
        if not usable(input.device):
            return super().forward(input)
        from engine.got.kernels.residual import group_norm

        return group_norm(input, self)


class _Residual(ResnetBlock2D):
    """Combines biases, time embedding and activations with the norms and the sum."""

    def forward(self, input_tensor: Tensor, temb: Tensor | None, *args: Any, **kwargs: Any) -> Tensor:  # noqa: ANN401
        if not usable(input_tensor.device):
            return super().forward(input_tensor, temb, *args, **kwargs)
        from engine.got.kernels.residual import add, group_norm

        hidden = _without_bias(self.conv1, group_norm(input_tensor, self.norm1, silu=True))
        added = cast(Tensor, self.conv1.bias).expand(len(hidden), -1)
        if self.time_emb_proj is not None:
            added = added + self.time_emb_proj(F.silu(temb))
        hidden = group_norm(hidden, self.norm2, silu=True, added=added.contiguous())
        hidden = _without_bias(self.conv2, hidden)  # in a line of its own, so that the previous tensor is freed first
        bias = cast(Tensor, self.conv2.bias)
        if self.conv_shortcut is None:
            return add(hidden, input_tensor, bias)
        bias = bias + cast(Tensor, self.conv_shortcut.bias)
        return add(hidden, _without_bias(self.conv_shortcut, input_tensor), bias)


class _Transformer(Transformer2DModel):
    """Keeps the picture's memory format instead of transposing it first."""

    def _get_output_for_continuous_inputs(
        self, hidden_states: Tensor, residual: Tensor, batch_size: int, height: int, width: int, inner_dim: int
    ) -> Tensor:
        if not self.use_linear_projection:
            given = (hidden_states, residual, batch_size, height, width, inner_dim)
            return super()._get_output_for_continuous_inputs(*given)
        pixels = self.proj_out(hidden_states).reshape(batch_size, height, width, inner_dim)
        return residual + pixels.permute(0, 3, 1, 2)


def use_own_layers(model: nn.Module) -> None:
    """Replaces diffusers' layers in a model with ours. The weights stay, and on the CPU the results are unchanged."""
    for module in model.modules():
        if type(module) is nn.GroupNorm:
            module.__class__ = _GroupNorm
        elif type(module) is Transformer2DModel:
            module.__class__ = _Transformer
        elif type(module) is ResnetBlock2D and _is_plain(module):
            module.__class__ = _Residual


def _is_plain(block: ResnetBlock2D) -> bool:
    """Whether the block, like SDXL's, has no features that `_Residual` lacks."""
    convolutions = [block.conv1, block.conv2, *([block.conv_shortcut] if block.conv_shortcut else [])]
    changes_size = block.upsample or block.downsample
    added = block.time_embedding_norm in ("default", "group")  # "group" in the VAE's decoder, which has no embedding
    usual = added and not block.skip_time_act and block.output_scale_factor == 1
    biased = all(convolution.bias is not None for convolution in convolutions)
    return usual and biased and not changes_size and isinstance(block.nonlinearity, nn.SiLU)


def _without_bias(convolution: nn.Conv2d, x: Tensor) -> Tensor:
    return convolution._conv_forward(x, convolution.weight, None)
