"""Runs the phases of a recipe, each from the weights of earlier ones, and exports the model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor, nn
from transformers import AutoTokenizer

from engine.api.errors import ModelError
from training.precision import autocast, mixed_precision
from training.scratch.config import Lesson, Recipe
from training.scratch.export import export
from training.scratch.joint_phase import JointPhase
from training.scratch.latents import LATENT, shard
from training.scratch.loop import LoopSettings, Phase, atomic_save, to_device, train
from training.scratch.mllm import Mllm
from training.scratch.mllm_phases import ChainPhase, EyesPhase
from training.scratch.tokenizer import build_tokenizer
from training.scratch.unet_phase import UnetPhase, build_unet, load_shards
from training.scratch.vae_phase import VaePhase, build_vae, channels_last, to_tensor, validate_vae, whiten
from training.storybook.edits import sample

_CROP = 16
_HELD_OUT = 256


class Scratch:
    """A run of a recipe in a folder. A finished phase writes weights.pt, from which later phases start.

    Several processes (`torchrun --nproc_per_node 2 -m training RECIPE`) share each step; the batch size is per process.
    """

    def __init__(self, recipe: Recipe, runs: Path, device: str = "cpu", threads: int | None = None) -> None:
        self.recipe, self.runs = recipe, runs
        runs.mkdir(parents=True, exist_ok=True)
        if threads:
            torch.set_num_threads(threads)
        torch.manual_seed(recipe.seed)
        self.accelerator = Accelerator(cpu=device == "cpu", mixed_precision=mixed_precision(device))

    def run_all(self, output: Path) -> None:
        """Runs all unfinished phases of the recipe, then writes the model in the native layout."""
        for name in self.recipe.phases:
            self.run(name)
        if self.accelerator.is_main_process:
            export(self.recipe, self.tokenizer(), *self.newest(), self.vae(), output)

    def run(self, name: str) -> None:
        """Runs a phase unless it is finished. Raises ModelError if a phase that it starts from is not."""
        settings = self.recipe.phases[name]
        if not self._weights(name).exists():
            self.accelerator.print(f"phase {name}: {settings.steps} steps of {settings.batch_size}", flush=True)
            getattr(self, f"_{name}")(settings)

    def _weights(self, phase: str) -> Path:
        return self.runs / phase / "weights.pt"

    def _load(self, module: nn.Module, phase: str) -> None:
        path = self._weights(phase)
        if not path.exists():
            raise ModelError(
                "phase_missing",
                "The phase “{phase}” is not finished in {folder}.",
                "Run it first.",
                phase=phase,
                folder=self.runs,
            )
        module.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))

    def _train(
        self,
        name: str,
        phase: Phase,
        settings: LoopSettings,
        module: nn.Module,
        validate: Callable[[nn.Module], dict[str, float]] | None = None,
    ) -> None:
        train(phase, settings, self.runs / name, self.accelerator, validate, validate_every=400 if validate else 0)
        self._finish(name, module)

    def _finish(self, name: str, module: nn.Module) -> None:
        """Writes the weights, which are the same in all processes, from the main process; the others wait."""
        if self.accelerator.is_main_process:
            atomic_save(module.state_dict(), self._weights(name))
        self.accelerator.wait_for_everyone()

    # parts with the weights of their last finished phase

    def tokenizer(self) -> Any:  # noqa: ANN401 - transformers' tokenizers share no type
        folder = self.runs / "tokenizer"
        with self.accelerator.main_process_first():
            if not folder.exists():
                build_tokenizer(self.recipe.sizes.vocabulary).save_pretrained(folder)
        return AutoTokenizer.from_pretrained(folder)

    def vae(self) -> AutoencoderKL:
        vae = build_vae()
        self._load(vae, "vae")
        return vae.eval()

    def mllm(self, *phases: str) -> Mllm:
        """Returns the MLLM with the weights of the last finished of these phases; a new one without phases."""
        sizes = self.recipe.sizes
        mllm = Mllm(self.tokenizer(), hidden=sizes.hidden, layers=sizes.layers, vision_layers=sizes.vision_layers)
        mllm.model.set_attn_implementation("eager")  # faster than SDPA at these sizes
        if phases:
            self._load(mllm, self._last(phases))
        return mllm

    def unet(self, *phases: str) -> UNet2DConditionModel:
        """Returns the UNet with the weights of the last finished of these phases; a new one without phases."""
        unet = build_unet(tuple(self.recipe.sizes.unet_channels))
        unet.set_attn_processor(AttnProcessor())  # its backward pass is the fastest on a CPU
        if phases:
            self._load(unet, self._last(phases))
        return unet

    def _last(self, phases: tuple[str, ...]) -> str:
        """Returns the last finished of these phases; the first one if none is finished."""
        return next((p for p in reversed(phases) if self._weights(p).exists()), phases[0])

    def newest(self) -> tuple[Mllm, UNet2DConditionModel]:
        """Returns MLLM and UNet with the weights of the last finished phases."""
        mllm, unet = self.mllm("chains", "turns"), self.unet("crops", "unet")
        if self._weights("joint").exists():
            both = nn.ModuleDict({"mllm": mllm, "unet": unet})
            self._load(both, "joint")
        for name in ("references", "lookups", "names"):
            if self._weights(name).exists():
                self._load(mllm, name)
        return mllm, unet

    def data(self) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Returns (training latents, held-out latents)."""
        vae = self.vae()
        data = self.recipe.data
        with self.accelerator.main_process_first():
            rows = load_shards([shard(vae, self.runs / "latents", i, data.shard_size) for i in range(data.shards)])
        count = min(_HELD_OUT, data.shard_size // 2)
        return {k: v[:-count] for k, v in rows.items()}, {k: v[-count:] for k, v in rows.items()}

    # the phases

    def _vae(self, settings: LoopSettings) -> None:
        phase = VaePhase(pool=self.recipe.data.vae_pool)
        channels_last(phase)
        train(phase, settings, self.runs / "vae", self.accelerator, lambda _: validate_vae(phase.vae), 400)
        phase.eval()
        scenes = [sample(3 * 10**9 + i).source for i in range(256)]
        whiten(phase.vae, to_tensor(np.stack([s.render() for s in scenes if s])))
        reached = validate_vae(phase.vae, self.recipe.data.gate_scenes)
        for figure, least in self.recipe.gates.items():
            if reached[figure] < least:
                raise ModelError(
                    "vae_gate",
                    "The autoencoder reached {figure} {reached}; {least} is required.",
                    "Train it for more steps.",
                    figure=figure,
                    reached=reached[figure],
                    least=least,
                )
        self._finish("vae", phase.vae)

    def _eyes(self, settings: LoopSettings) -> None:
        mllm = self.mllm()
        self._train("eyes", EyesPhase(mllm), settings, mllm)

    def _chains(self, settings: LoopSettings) -> None:
        self._train_chains("chains", settings, self.mllm("eyes"), first_seed=0)

    def _turns(self, settings: LoopSettings) -> None:
        self._train_chains("turns", settings, self.mllm("chains"), 7 * 10**9)

    def _references(self, settings: LoopSettings) -> None:
        self._train_chains("references", settings, self.newest()[0], 8 * 10**9)

    def _lookups(self, settings: LoopSettings) -> None:
        self._train_chains("lookups", settings, self.newest()[0], 85 * 10**8)

    def _names(self, settings: LoopSettings) -> None:
        self._train_chains("names", settings, self.newest()[0], 89 * 10**8)

    def _train_chains(self, name: str, settings: LoopSettings, mllm: Mllm, first_seed: int) -> None:
        data = self.recipe.data
        if data.compile:
            language = mllm.model.model.language_model
            language.forward = torch.compile(language.forward, dynamic=False)
        lesson = self.recipe.lessons.get(name, Lesson())
        self._train(name, ChainPhase(mllm, self.tokenizer(), data, first_seed, lesson), settings, mllm)

    def _crops(self, settings: LoopSettings) -> None:
        data, held_out = self.data()
        unet = self.unet()
        self._train("crops", UnetPhase(unet, data, _CROP), settings, unet, _Validation(held_out, unet))

    def _unet(self, settings: LoopSettings) -> None:
        data, held_out = self.data()
        unet = self.unet("crops")
        self._train("unet", UnetPhase(unet, data, LATENT), settings, unet, _Validation(held_out, unet))

    def _joint(self, settings: LoopSettings) -> None:
        data, held_out = self.data()
        mllm, unet = self.mllm("chains", "turns"), self.unet("unet")
        phase = JointPhase(mllm, unet, self.tokenizer(), data, self.recipe.data.turns_length)
        self._train("joint", phase, settings, phase)


class _Validation:
    """Diffusion losses on held-out latents, with the same noise every time."""

    def __init__(self, held_out: dict[str, Tensor], unet: UNet2DConditionModel) -> None:
        self.phase = UnetPhase(unet, held_out)
        self.unet = unet

    @torch.no_grad()
    def __call__(self, phase: nn.Module) -> dict[str, float]:
        torch.manual_seed(1)
        device = self.unet.device
        self.phase.to(device)
        # build the batches outside autocast, which does not stack float16 tensors
        batches = [to_device(self.phase.batch(i, 32), device) for i in range(3)]
        with autocast(device):
            losses = [self.phase(batch) for batch in batches]
        return {f"held_out_{k}": round(sum(row[k].item() for row in losses) / len(losses), 4) for k in losses[0]}
