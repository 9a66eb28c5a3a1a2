"""Runs the golden cases and collects the tensors that the reference stored."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor

from engine.api.chain import Chain
from engine.got import GoTPipeline, GuidanceScales
from engine.got import pipeline as got_pipeline
from engine.got.drawing import Drawing
from engine.got.renderers import unet
from engine.got.renderers.conditioning import Conditioning
from engine.got.renderers.denoise import GuidedUNet
from engine.got.renderers.guidance import Branch

CHECKPOINTS = ("GoT-6B", "GoT-6B-peft")
FOUR_BRANCHES = [Branch(*seen, 0.0) for seen in ((1, 1, 1), (1, 0, 1), (0, 0, 1), (0, 0, 0))]


@dataclass
class Golden:
    """One case: how it was created, and the reference's results."""

    folder: Path
    case: dict[str, Any]
    tensors: dict[str, Tensor] = field(init=False)
    """By "turn.name"."""

    def __post_init__(self) -> None:
        self.tensors = load_file(self.folder / f"{self.name}.safetensors")

    @property
    def name(self) -> str:
        return self.case["name"]

    @property
    def source(self) -> Image.Image | None:
        return self.picture(self.case["source"]) if self.case["source"] else None

    @property
    def results(self) -> list[Image.Image]:
        return [self.picture(name) for name in self.case["results"]]

    @property
    def chain(self) -> Chain:
        return Chain.from_turns(self.case["chains"])

    @property
    def options(self) -> dict[str, Any]:
        case = self.case
        return {
            "num_inference_steps": case["steps"],
            "scheduler": case["scheduler"],
            "seed": case["seed"],
            "height": case["height"],
            "width": case["width"],
            "guidance_scales": GuidanceScales(case["alpha_t"], case["alpha_s"], case["alpha_r"]),
            "fit": "stretch",
        }

    def picture(self, name: str) -> Image.Image:
        with Image.open(self.folder / name) as image:
            return image.convert("RGB")


def golden_cases(folder: Path) -> list[dict[str, Any]]:
    return json.loads((folder / "golden" / "cases.json").read_text())["cases"]


@dataclass
class Run:
    """The pipeline's results for a case."""

    chain: Chain
    images: list[Image.Image]
    tensors: dict[str, Tensor]


def plan_and_render(pipeline: GoTPipeline, golden: Golden) -> Run:
    with recording(pipeline, golden) as run:
        result = pipeline(golden.case["instruction"], golden.source, **golden.options)
    return Run(result.chain, result.images, run.tensors)


def render_only(pipeline: GoTPipeline, golden: Golden) -> Run:
    """The chain is given: nothing is planned."""
    with recording(pipeline, golden) as run:
        chain, instruction = golden.chain, golden.case["instruction"]
        images = pipeline.render(chain, golden.source, instruction=instruction, **golden.options)
    return Run(chain, images, run.tensors)


class recording:
    """Collects the tensors that pass through the pipeline's parts while the context is active.

    An image has 8 bits, truncated. The last bit of a float, which depends on the number of threads, can put a value on
    either side of a whole level, and the next turn would start a level apart. So the next turn starts from the
    reference's truncated `decoded` wherever ours equals it up to 1e-4. The image that is returned and compared is ours.
    """

    def __init__(self, pipeline: GoTPipeline, golden: Golden) -> None:
        self.pipeline, self.golden = pipeline, golden
        self.tensors: dict[str, Tensor] = {}
        self.turn = -1

    def keep(self, **tensors: Tensor) -> None:
        self.tensors |= {f"{self.turn}.{name}": tensor.clone() for name, tensor in tensors.items()}

    def next_reference(self, picture: Image.Image) -> Image.Image:
        """The image that the next turn starts from: the reference's canvas if ours equals it up to rounding, else
        ours."""
        name = f"{self.turn}.decoded"
        reference = self.golden.tensors[name]
        if relative_difference(self.tensors[name], reference) > 1e-4:
            return picture
        return Image.fromarray((reference[0].permute(1, 2, 0) * 255).to(torch.uint8).numpy())

    def __enter__(self) -> recording:
        query, denoise, decoder = self.pipeline.planner.query, unet.denoise, self.pipeline.renderer.vae.decoder
        recorder = self

        class RecordedDrawing(Drawing):
            def add(self, canvas: Image.Image) -> Image.Image:
                self._picture = recorder.next_reference(super().add(canvas))
                return self._picture

        class RecordedUNet(GuidedUNet):
            def __init__(self, unet: Any, conditioning: Conditioning, *rest: Any) -> None:
                super().__init__(unet, conditioning, *rest)
                self.every_branch = GuidedUNet(unet, conditioning, FOUR_BRANCHES)
                self.timesteps: list[Tensor] = []
                recorder.keep(
                    semantic=conditioning.semantic.prompt_embeds,
                    null=conditioning.semantic.null_prompt_embeds,
                    pooled=conditioning.semantic.pooled_prompt_embeds,
                    reference_latents=conditioning.reference_latents,
                    spatial_latents=conditioning.spatial_latents,
                    time_ids=conditioning.add_time_ids,
                )

            def predict(self, latents: Tensor, timestep: Tensor) -> Tensor:
                noise_pred = super().predict(latents, timestep)
                if not self.timesteps:
                    # both schedulers start with the noise at unit variance as the UNet's input
                    branches = self.every_branch.predict_branches(latents, timestep)
                    recorder.keep(init_noise=latents, eps_branches_first=branches, eps_guided_first=noise_pred)
                self.timesteps.append(timestep)
                recorder.keep(timesteps=torch.stack(self.timesteps))
                return noise_pred

        def recorded_query(reading: Any) -> Tensor:
            hidden = query(reading)
            recorder.turn += 1
            recorder.keep(query_hidden=hidden, input_ids=torch.tensor([reading.ids]))
            return hidden

        def recorded_denoise(*arguments: Any) -> Tensor:
            latents = denoise(*arguments)
            recorder.keep(latents_final=latents)
            return latents

        self.patches = [
            mock.patch.object(self.pipeline.planner, "query", recorded_query),
            mock.patch.object(unet, "GuidedUNet", RecordedUNet),
            mock.patch.object(unet, "denoise", recorded_denoise),
            mock.patch.object(got_pipeline, "Drawing", RecordedDrawing),
        ]
        for patch in self.patches:
            patch.start()
        self.hook = decoder.register_forward_hook(
            lambda module, args, decoded: recorder.keep(decoded=(decoded / 2 + 0.5).clamp(0, 1))
        )
        return self

    def __exit__(self, *exception: object) -> None:
        self.hook.remove()
        for patch in self.patches:
            patch.stop()


def relative_difference(actual: Tensor, reference: Tensor) -> float:
    """The largest difference relative to the largest value of the reference."""
    return float((actual.double() - reference.double()).abs().max() / reference.double().abs().max())


def levels_apart(actual: Image.Image, reference: Image.Image) -> int:
    """The largest difference of a channel, in 1/255."""
    return int(np.abs(np.asarray(actual, dtype=int) - np.asarray(reference, dtype=int)).max())
