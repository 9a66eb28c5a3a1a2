"""The UNet's passes, recorded as CUDA graphs and played again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor

from engine.got.recording import recorded


@dataclass
class _Pass:
    """One recorded pass: what it reads, what plays it, and what it writes."""

    given: list[Tensor]
    play: Callable[[], None]
    made: Tensor


class RecordedUNet:
    """The UNet, its pass recorded for each number and size of samples; the last few recordings are kept.

    The UNet's weights must stay where they are as long as this is used.
    """

    def __init__(self, unet: UNet2DConditionModel, kept: int = 4) -> None:
        self.unet, self.kept = unet, kept
        self._passes: OrderedDict[tuple[torch.Size, torch.Size], _Pass] = OrderedDict()
        self._pool = torch.cuda.graph_pool_handle() if unet.device.type == "cuda" else None

    def __call__(self, sample: Tensor, timestep: Tensor, embeds: Tensor, added: Mapping[str, Tensor]) -> Tensor:
        """(samples, C, h, w), (), (samples, n, D) and SDXL's conditions -> (samples, C, h, w)."""
        given = [sample, timestep, embeds, added["text_embeds"], added["time_ids"]]
        key = (sample.shape, embeds.shape)
        if key not in self._passes:
            while len(self._passes) >= self.kept:
                self._passes.popitem(last=False)
            self._passes[key] = self._record(given)
        self._passes.move_to_end(key)
        found = self._passes[key]
        for kept, new in zip(found.given, given, strict=True):
            kept.copy_(new)
        found.play()
        return found.made.clone()  # the next pass writes there again

    def _record(self, given: list[Tensor]) -> _Pass:
        kept = [tensor.clone() for tensor in given]
        kept[1] = given[1].float().to(self.unet.device)  # whole or not, as the scheduler has it
        sample, timestep, embeds, text_embeds, time_ids = kept
        made = torch.empty_like(sample[:, : cast(Any, self.unet.config)["out_channels"]])
        added = {"text_embeds": text_embeds, "time_ids": time_ids}

        def run() -> None:
            predicted = self.unet(
                sample, timestep, encoder_hidden_states=embeds, added_cond_kwargs=added, return_dict=False
            )
            made.copy_(predicted[0])

        return _Pass(kept, recorded(run, self.unet.device, self._pool), made)
