"""The joint loss (paper sec. 5.4): the chain's cross-entropy plus the diffusion error; both train the planner."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from engine.got.files.checkpoint import Components
from engine.got.renderers.schedulers import make_scheduler
from training.finetune.batches import Batch
from training.finetune.config import Loss
from training.finetune.examples import IGNORED


class JointLoss(nn.Module):
    """The planner, projectors and UNet of a model. A call returns the named losses of a batch; "loss" is the total."""

    def __init__(self, components: Components, parts: dict[str, nn.Module], settings: Loss) -> None:
        super().__init__()
        self.parts = nn.ModuleDict(parts)
        self.settings = settings
        scheduler: Any = make_scheduler("ddpm", components.scheduler_config)
        self.prediction = scheduler.config["prediction_type"]
        self.register_buffer("alphas", scheduler.alphas_cumprod.float(), persistent=False)

    @property
    def timesteps(self) -> int:
        return len(self.alphas)  # type: ignore[arg-type]

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        hidden = self._read(batch)
        chain = self._chain_loss(hidden, batch.labels)
        diffusion = self._diffusion_loss(batch, hidden)
        loss = self.settings.chain * chain + self.settings.diffusion * diffusion
        return {"loss": loss, "chain": chain, "diffusion": diffusion}

    def _read(self, batch: Batch) -> Tensor:
        """Returns the last hidden states (N, L, d). Padding needs no mask: it comes last and attention is causal."""
        images = {} if batch.pixels is None else {"pixel_values": batch.pixels, "image_grid_thw": batch.grid}
        mllm: Any = self.parts["mllm"]
        output = mllm.model(input_ids=batch.ids, position_ids=batch.positions, use_cache=False, **images)
        return output.last_hidden_state

    def _chain_loss(self, hidden: Tensor, labels: Tensor) -> Tensor:
        """Returns the mean over pairs of the mean over a chain's tokens; it does not depend on how a batch is split."""
        mllm: Any = self.parts["mllm"]
        mask = labels[:, 1:] != IGNORED
        logits = mllm.lm_head(hidden[:, :-1][mask]).float()
        loss = F.cross_entropy(logits, labels[:, 1:][mask], reduction="none")
        rows = mask.nonzero()[:, 0]
        return (loss / mask.sum(1)[rows]).sum() / len(labels)

    def _diffusion_loss(self, batch: Batch, hidden: Tensor) -> Tensor:
        projectors: Any = self.parts["projectors"]
        queries = hidden.gather(1, batch.queries[..., None].expand(-1, -1, hidden.shape[-1]))
        semantic, spatial, reference = batch.guidance.unbind(1)
        project = projectors.output_projector
        context = torch.where(semantic[:, None, None], project(queries), project(torch.zeros_like(queries)))
        pooled = projectors.output_projector_add(queries).mean(1)

        alphas = self.alphas[batch.timesteps].view(-1, 1, 1, 1)  # type: ignore[index]
        a, s = alphas.sqrt(), (1 - alphas).sqrt()
        guidance = (batch.reference * reference.view(-1, 1, 1, 1), batch.spatial * spatial.view(-1, 1, 1, 1))
        output = self.parts["unet"](
            torch.cat([a * batch.target + s * batch.noise, *guidance], 1),
            batch.timesteps,
            encoder_hidden_states=context,
            added_cond_kwargs={"text_embeds": pooled, "time_ids": batch.time_ids},
            return_dict=False,
        )[0].float()
        velocity = self.prediction == "v_prediction"
        expected = a * batch.noise - s * batch.target if velocity else batch.noise
        error = (output - expected).square().mean(1)
        return (self._weighted_error(error, batch.mask) * self._snr_weight(alphas.flatten(), velocity)).mean()

    def _weighted_error(self, error: Tensor, mask: Tensor) -> Tensor:
        """Returns the error of each pair (N,), weighted by the mask of its boxes; without boxes, all pixels count."""
        inside = torch.where(mask.any(-1).any(-1)[:, None, None], mask, torch.ones_like(mask))
        weight = inside if self.settings.only_inside else 1 + self.settings.inside * mask
        return (error * weight).sum((1, 2)) / weight.sum((1, 2))

    def _snr_weight(self, alphas: Tensor, velocity: bool) -> Tensor | float:
        """Returns min(SNR, gamma) / SNR (Hang et al. 2023), or min(SNR, gamma) / (SNR + 1) for v-prediction."""
        if not self.settings.min_snr:
            return 1.0
        snr = alphas / (1 - alphas)
        return snr.clamp(max=self.settings.min_snr) / (snr + 1 if velocity else snr)
