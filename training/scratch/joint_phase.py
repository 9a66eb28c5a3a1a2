"""Phase 4: trains MLLM, projectors and UNet together, as in the paper (sec. 5.4): chain cross-entropy + diffusion MSE.

The diffusion loss reaches the MLLM through the semantic guidance. Several noise draws share one pass of the MLLM.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import torch
import torch.nn.functional as F
from diffusers import UNet2DConditionModel
from torch import Tensor

from training.scratch.anchors import Anchors
from training.scratch.batches import ChainBatch, ChainSequences
from training.scratch.latents import example_of
from training.scratch.loop import Phase
from training.scratch.mllm import Mllm
from training.scratch.unet_phase import LatentBatch, UnetPhase, alphas_cumprod, diffusion_loss


class JointPhase(Phase):
    """Trains everything but the autoencoder. `anchor_weight` keeps the projectors' outputs close to the anchors."""

    alphas: Tensor

    def __init__(
        self,
        mllm: Mllm,
        unet: UNet2DConditionModel,
        tokenizer: Any,  # noqa: ANN401
        data: dict[str, Tensor],
        length: int,
        draws: int = 2,
        anchor_weight: float = 0.1,
    ) -> None:
        super().__init__()
        self.mllm, self.unet = mllm, unet
        self.sequences = ChainSequences(tokenizer, length)
        self.latents = [UnetPhase(unet, data)]  # in a list, so that its weights are not registered twice
        self.rows = len(data["target"])
        self.draws, self.anchor_weight = draws, anchor_weight
        self.anchors = Anchors()
        self.register_buffer("alphas", alphas_cumprod(), persistent=False)

    def batch(self, step: int, size: int) -> tuple[ChainBatch, LatentBatch]:
        g = torch.Generator().manual_seed(step)
        rows, examples = [], []
        while len(rows) < size:
            row = int(torch.randint(0, self.rows, (1,), generator=g))
            example = example_of(row)
            if len(self.sequences.sequence(example)[0]) <= self.sequences.length:
                rows.append(row)
                examples.append(example)
        return self.sequences.batch(examples), self.latents[0].take(torch.tensor(rows), g)

    def forward(self, batch: tuple[ChainBatch, LatentBatch]) -> dict[str, Tensor]:
        chains, latents = batch
        hidden, image_tokens = self.mllm.hidden(chains)
        chain = self.mllm.chain_loss(hidden, chains)
        context, pooled = self.mllm.semantic(hidden, chains.queries)
        true_context, true_pooled = self.anchors(chains.anchors)
        anchor = F.mse_loss(context.float(), true_context) + 0.5 * F.mse_loss(pooled.float(), true_pooled)
        copies = LatentBatch(
            **{f.name: getattr(latents, f.name).repeat_interleave(self.draws, 0) for f in fields(LatentBatch)}
        )
        context, pooled = (x.float().repeat_interleave(self.draws, 0) for x in (context, pooled))
        diffusion = diffusion_loss(self.unet, self.alphas, copies, context, pooled)
        dense = self.mllm.dense.loss(image_tokens, chains.dense)
        loss = chain + diffusion["loss"] + self.anchor_weight * anchor + 0.1 * dense
        return {"loss": loss, "chain": chain, "anchor": anchor, "diffusion": diffusion["loss"]} | {
            k: diffusion[k] for k in ("inside", "outside")
        }
