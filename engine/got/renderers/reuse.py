"""What the UNet's inner blocks give, used again at the next steps: DeepCache (Ma, Fang and Wang, arXiv 2312.00858).

From one step to the next the inner blocks give nearly the same. So they run at every `interval`-th step only; a step
between runs the outermost down and up block alone, on what the inner ones gave last.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn

from engine.got.renderers.recorded import RecordedUNet


class ReusingUNet:
    """The UNet at one picture's steps, called once a step, whole at every `interval`-th; between, it keeps features."""

    def __init__(
        self,
        unet: UNet2DConditionModel,
        interval: int = 1,
        batch_size: int = 4,
        recorded: RecordedUNet | None = None,
    ) -> None:
        """`recorded` runs whole passes where there is one and no features are to be seen in them."""
        self.unet = unet
        self.recorded = recorded if interval == 1 else None
        self.interval = interval
        self.batch_size = batch_size
        self.features = torch.empty(0)
        """(samples, C, h, w): what the last up block got at the last whole step."""
        self.steps = 0
        """Since that step, it among them."""

    def __call__(self, sample: Tensor, timestep: Tensor, embeds: Tensor, added: dict[str, Tensor]) -> Tensor:
        """(samples, C, h, w) and their contexts (samples, n, D) -> predictions, `batch_size` samples at once.

        Each step gives the same samples in the same order, or only the first of them. One that gives more than features
        are kept of is a whole one.
        """
        if self.interval == 1:
            return self._whole(sample, timestep, embeds, added)
        if self.steps == self.interval or len(self.features) < len(sample):
            with _inputs_of(self.unet.up_blocks[-1]) as seen:
                prediction = self._whole(sample, timestep, embeds, added)
            self.features, self.steps = torch.cat(seen), 1
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
    """The prediction by the outermost blocks alone, the last up block getting `features`, (samples, C, h, w).

    It is `UNet2DConditionModel.forward` for SDXL's kind of UNet, which knows no classes and takes the context as it is,
    without what lies between the outermost blocks.
    """
    temb = unet.time_embedding(unet.get_time_embed(sample, timestep))
    temb = temb + unet.get_aug_embed(temb, embeds, added)
    entered = unet.conv_in(sample)
    down, up = unet.down_blocks[0], unet.up_blocks[-1]
    _, skips = down(hidden_states=entered, temb=temb, **_context(down, embeds))
    skips = (entered, *skips)[: len(up.resnets)]  # what comes after them is for the blocks between
    hidden = up(hidden_states=features, temb=temb, res_hidden_states_tuple=skips, **_context(up, embeds))
    for last in (unet.conv_norm_out, unet.conv_act, unet.conv_out):
        hidden = last(hidden) if last else hidden
    return hidden


def _context(block: nn.Module, embeds: Tensor) -> dict[str, Tensor]:
    """A block that does not attend to the context does not take it."""
    return {"encoder_hidden_states": embeds} if getattr(block, "has_cross_attention", False) else {}


@contextmanager
def _inputs_of(up_block: nn.Module) -> Iterator[list[Tensor]]:
    """The list of what an up block gets meanwhile from the block before it."""
    seen: list[Tensor] = []
    hook = up_block.register_forward_pre_hook(
        lambda block, args, kwargs: seen.append(kwargs["hidden_states"]), with_kwargs=True
    )
    try:
        yield seen
    finally:
        hook.remove()
