"""The UNet's passes as CUDA graphs."""

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
    """A recorded pass: its input tensors, the replay function and its output tensor."""

    inputs: list[Tensor]
    play: Callable[[], None]
    output: Tensor


class RecordedUNet:
    """Runs the UNet with a CUDA graph for each batch size and image size; the last few graphs are kept.

    The UNet's weights must not move while this object is in use.
    """

    def __init__(self, unet: UNet2DConditionModel, capacity: int = 4) -> None:
        self.unet, self.capacity = unet, capacity
        self._passes: OrderedDict[tuple[torch.Size, torch.Size], _Pass] = OrderedDict()
        self._pool = torch.cuda.graph_pool_handle() if unet.device.type == "cuda" else None

    def __call__(self, sample: Tensor, timestep: Tensor, embeds: Tensor, added: Mapping[str, Tensor]) -> Tensor:
        """(samples, C, h, w), (), (samples, n, D) and SDXL's conditions -> (samples, C, h, w)."""
        inputs = [sample, timestep, embeds, added["text_embeds"], added["time_ids"]]
        key = (sample.shape, embeds.shape)
        if key not in self._passes:
            while len(self._passes) >= self.capacity:
                self._passes.popitem(last=False)
            self._passes[key] = self._record(inputs)
        self._passes.move_to_end(key)
        graph = self._passes[key]
        for target, value in zip(graph.inputs, inputs, strict=True):
            target.copy_(value)
        graph.play()
        return graph.output.clone()  # the next pass overwrites it

    def _record(self, inputs: list[Tensor]) -> _Pass:
        buffers = [tensor.clone() for tensor in inputs]
        buffers[1] = inputs[1].float().to(self.unet.device)  # an int or a float, depending on the scheduler
        sample, timestep, embeds, text_embeds, time_ids = buffers
        output = torch.empty_like(sample[:, : cast(Any, self.unet.config)["out_channels"]])
        added = {"text_embeds": text_embeds, "time_ids": time_ids}

        def run() -> None:
            prediction = self.unet(
                sample, timestep, encoder_hidden_states=embeds, added_cond_kwargs=added, return_dict=False
            )
            output.copy_(prediction[0])

        return _Pass(buffers, recorded(run, self.unet.device, self._pool), output)
