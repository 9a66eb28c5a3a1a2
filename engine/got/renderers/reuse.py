"""The feature cache: inner features of the UNet are reused in later steps (DeepCache, Ma, Fang and Wang, arXiv
2312.00858).

The output of the inner blocks changes little from step to step. So they run at every `interval`-th step only. In
between only the outermost down and up blocks run, with the inner output of the last whole step.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn

from engine.got.renderers.recorded import RecordedUNet


class ReusingUNet:
    """The UNet for the steps of one image, called once per step. Whole steps, every `interval`-th, fill the feature
    cache."""

    def __init__(
        self,
        unet: UNet2DConditionModel,
        interval: int = 1,
        batch_size: int = 4,
        recorded: RecordedUNet | None = None,
    ) -> None:
        """`recorded` runs the whole passes if no features are cached."""
        self.unet = unet
        self.recorded = recorded if interval == 1 else None
        self.interval = interval
        self.batch_size = batch_size
        self.features = torch.empty(0)
        """(samples, C, h, w): the input of the last up block at the last whole step."""
        self.steps = 0
        """Steps since the last whole step, including it."""

    def __call__(self, sample: Tensor, timestep: Tensor, embeds: Tensor, added: dict[str, Tensor]) -> Tensor:
        """(samples, C, h, w) and their contexts (samples, n, D) -> predictions, computed for `batch_size` samples at
        once.

        Each step must pass the same samples in the same order, or only the first of them. A step with more samples than
        the feature cache holds runs the whole UNet.
        """
        if self.interval == 1:
            return self._whole(sample, timestep, embeds, added)
        if self.steps == self.interval or len(self.features) < len(sample):
            with _inputs_of(self.unet.up_blocks[-1]) as inputs:
                prediction = self._whole(sample, timestep, embeds, added)
            self.features, self.steps = torch.cat(inputs), 1
            return prediction
        self.steps += 1
        parts = (tensor.split(self.batch_size) for tensor in (sample, embeds, self.features[: len(sample)]))
        return torch.cat(
            [
                outer_forward(self.unet, part, timestep, context, added, features)
                for part, context, features in zip(*parts, strict=True)
            ]
        )

    def _whole(self, sample: Tensor, timestep: Tensor, embeds: Tensor, added: dict[str, Tensor]) -> Tensor:
        if self.recorded:
            return self.recorded(sample, timestep, embeds, added)
        predictions = [
            self.unet(part, timestep, encoder_hidden_states=context, added_cond_kwargs=added, return_dict=False)[0]
            for part, context in zip(sample.split(self.batch_size), embeds.split(self.batch_size), strict=True)
        ]
        return torch.cat(predictions)


def outer_forward(
    unet: UNet2DConditionModel,
    sample: Tensor,
    timestep: Tensor,
    embeds: Tensor,
    added: dict[str, Tensor],
    features: Tensor,
) -> Tensor:
    """The prediction of the outermost blocks alone, with `features` (samples, C, h, w) as the input of the last up
    block.

    Equals `UNet2DConditionModel.forward` for SDXL's type of UNet, without class labels and context projection, minus
    the blocks between the outermost ones.
    """
    temb = unet.time_embedding(unet.get_time_embed(sample, timestep))
    temb = temb + unet.get_aug_embed(temb, embeds, added)
    stem = unet.conv_in(sample)
    down, up = unet.down_blocks[0], unet.up_blocks[-1]
    _, skips = down(hidden_states=stem, temb=temb, **_context(down, embeds))
    skips = (stem, *skips)[: len(up.resnets)]  # the remaining ones belong to the inner blocks
    hidden = up(hidden_states=features, temb=temb, res_hidden_states_tuple=skips, **_context(up, embeds))
    for last in (unet.conv_norm_out, unet.conv_act, unet.conv_out):
        hidden = last(hidden) if last else hidden
    return hidden


def _context(block: nn.Module, embeds: Tensor) -> dict[str, Tensor]:
    """The context argument of a block; empty for a block without cross-attention."""
    return {"encoder_hidden_states": embeds} if getattr(block, "has_cross_attention", False) else {}


@contextmanager
def _inputs_of(up_block: nn.Module) -> Iterator[list[Tensor]]:
    """Collects the inputs that an up block gets from the previous block while the context is active."""
    inputs: list[Tensor] = []
    hook = up_block.register_forward_pre_hook(
        lambda block, args, kwargs: inputs.append(kwargs["hidden_states"]), with_kwargs=True
    )
    try:
        yield inputs
    finally:
        hook.remove()
