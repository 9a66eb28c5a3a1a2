"""GoTPipeline: plan an image or an edit as a GoT chain, then render the chain (arXiv 2503.10639, sec. 4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic

import torch
from PIL import Image
from torch import Tensor, nn
from typing_extensions import TypeVar

from engine.api.chain import IM_GEN_START, Chain, Region
from engine.api.errors import ChainError
from engine.got.drawing import Drawing
from engine.got.faults import is_out_of_memory
from engine.got.files.checkpoint import Components, load_components
from engine.got.files.config import GoTConfig
from engine.got.planners.got import GoTPlanner
from engine.got.planners.prompts import SourceProcessor, Vocabulary
from engine.got.planners.protocol import Planner
from engine.got.presets import render_options
from engine.got.progress import Cancel, OnDrawing, OnLatents, OnPlanned, OnStep, OnToken, Watch
from engine.got.renderers.guidance import GuidanceScales
from engine.got.renderers.protocol import Renderer
from engine.got.renderers.unet import UNetRenderer
from engine.got.residence.quantize import kind_of_weights, quantize_unet
from engine.got.residence.tiers import (
    RESIDENT,
    Residence,
    Tier,
    choose_tier,
    free_memory,
    keep_within,
    next_tier,
    tiers_of,
    weight_bytes,
)
from engine.imaging.fit import Fit

P = TypeVar("P", bound=Planner[Any], default=GoTPlanner)
R = TypeVar("R", bound=Renderer[Any], default=UNetRenderer)


@dataclass(frozen=True)
class Result:
    """The result of one request: the chain, and one image per turn."""

    chain: Chain
    images: list[Image.Image]


class GoTPipeline(Generic[P, R]):
    """A planner and a renderer, with their weights placed according to the device's memory."""

    def __init__(
        self,
        config: GoTConfig,
        planner: P,
        renderer: R,
        device: torch.device,
        folder: Path | None = None,
        arrange: bool = False,
    ) -> None:
        """`folder` is where the weights were read from; None if they were not read from a folder.

        `arrange`: the pipeline owns the networks and may change their memory format to suit the device.
        """
        self.config = config
        self.planner = planner
        self.renderer = renderer
        self.folder = folder
        self.originals: dict[str, Tensor] = {}
        """The matrices before `apply_adapters`, by module."""
        self._arrange = arrange
        self.residence = Residence(RESIDENT, device, *self._parts())
        self.use(RESIDENT, device)

    @classmethod
    def from_components(cls, components: Components, arrange: bool = False) -> GoTPipeline[GoTPlanner, UNetRenderer]:
        """The GoT pipeline for loaded networks, on the device that they are on. `arrange` is as in `__init__`."""
        config = components.config
        planner = GoTPlanner(
            components.mllm,
            Vocabulary(components.tokenizer, config.num_query_tokens),
            SourceProcessor(components.image_processor, config.source_size, config.source_frames),
        )
        renderer = UNetRenderer(components.unet, components.vae, components.projectors, components.scheduler_config)
        return GoTPipeline(config, planner, renderer, components.mllm.device, components.folder, arrange)

    @classmethod
    def from_pretrained(
        cls,
        folder: str | Path,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.float32,
        on_part: Callable[[int, int], None] | None = None,
        weights: str = "exact",
    ) -> GoTPipeline[GoTPlanner, UNetRenderer]:
        """Loads the model from a folder in the native layout. `on_part` gets (parts loaded, total parts).

        `weights` is one of `quantize.WEIGHTS`: the quantization of the UNet. The offload policy is chosen by the
        device's free memory. Raises ModelError if the folder is not a model, or if the device does not support these
        weights.
        """
        device = torch.device(device)
        kind = kind_of_weights(weights, device, dtype)
        components = load_components(Path(folder), torch.device("cpu"), dtype, on_part)
        if kind:
            quantize_unet(components.unet, kind, device)
        pipeline = cls.from_components(components, arrange=True)
        memory = free_memory(device)
        if memory is not None:
            keep_within(memory, device)
        pipeline.use_memory(memory, device)
        return pipeline

    @property
    def networks(self) -> dict[str, nn.Module]:
        """All networks, by part of the native layout."""
        return {**self.planner.networks, **self.renderer.bridge, **self.renderer.networks}

    def use_memory(self, memory: int | None, device: torch.device) -> None:
        """Chooses the offload policy for `memory` bytes on the device; None means no limit. Raises as `use` does."""
        planning, drawing = map(weight_bytes, self._parts())
        side, tiers = self.config.image_size, tiers_of(device)
        self.use(RESIDENT if memory is None else choose_tier(memory, planning, drawing, side, tiers), device)

    def use(self, tier: Tier, device: torch.device) -> None:
        """Places the model according to this policy, or to the next one that fits.

        Raises torch's out-of-memory error if none fits.
        """
        self.residence.put_away()
        self.planner.leave()
        self.renderer.leave()
        on_gpu = self._arrange and device.type == "cuda"
        if on_gpu:
            self.renderer.arrange()
        try:
            if tier.eight_bits:  # this cannot be undone, even if a later policy is used
                self.planner.quantize(device)
            self.residence = Residence(tier, device, *self._parts())
        except (RuntimeError, MemoryError) as error:
            lower = next_tier(tier, device)
            if lower is None or not is_out_of_memory(error):
                raise
            return self.use(lower, device)
        self.renderer.use(tier, self.config.image_size)
        if on_gpu and not tier.plans_on_cpu:
            self.planner.settle()
            self.residence.on_planner_leaves = self.planner.pause
        if on_gpu and tier is RESIDENT:
            self.renderer.settle()

    def warm_up(self, cancel: Cancel | None = None) -> None:
        """On a GPU, does in advance the work that the first request would wait for. Raises Cancelled and
        torch.OutOfMemoryError."""
        if self.residence.device.type != "cuda":
            return

        def trial() -> None:
            self.try_out(self.config.image_size, cancel)

        if self.residence.tier is RESIDENT:
            self.renderer.warm_up(trial)
        else:
            trial()

    @torch.inference_mode()
    def try_out(self, side: int, cancel: Cancel | None = None) -> None:
        """A trial run at this size: writes a few tokens, and renders one guided and one unguided step. Raises
        Cancelled."""
        chain, source = Chain.parse(f"A trial.{IM_GEN_START}"), Image.new("RGB", (side, side))
        self.residence.plan()
        self.planner.try_out(source)
        options = {"num_inference_steps": 2, "guidance_until": 0.5, "width": side, "height": side}
        self.render(chain, source, instruction="A trial.", cancel=cancel, **options)

    def use_less(self) -> Tier | None:
        """Switches to the next policy, which needs less device memory. Returns it, or None if there is none."""
        lower = next_tier(self.residence.tier, self.residence.device)
        if lower is None:
            return None
        self.use(lower, self.residence.device)
        return self.residence.tier

    def _parts(self) -> tuple[list[nn.Module], list[nn.Module]]:
        """(networks of the planner, networks of the renderer)"""
        planning = [*self.planner.networks.values(), *self.renderer.bridge.values()]
        return planning, [*self.renderer.networks.values()]

    @torch.inference_mode()
    def plan(
        self,
        instruction: str,
        source_image: Image.Image | None = None,
        on_token: OnToken | None = None,
        cancel: Cancel | None = None,
    ) -> Chain:
        """Writes the first turn of the chain: for an edit if there is a source image, else for text-to-image.

        Boxes are relative to the source image's width and height, whatever the fit. If the model does not complete the
        turn, the chain is returned as it is, with its problems.
        """
        self.residence.plan()
        reading = self.planner.open(instruction, source_image)
        return Chain.from_turns([self.planner.write(reading, Watch(on_token, cancel=cancel)).text])

    @torch.inference_mode()
    def recognizes(self, picture: Image.Image) -> bool:
        """Whether the model was trained on pictures like this one, as far as got.json describes them.

        An autoencoder reconstructs the kind of pictures that it was trained on well, and others poorly.
        """
        familiar = self.config.familiar
        if familiar is None:
            return True
        self.residence.draw()
        side = self.config.image_size
        canvas = Fit.pad(picture.size, (side, side)).place(picture.convert("RGB"))
        return self.renderer.fidelity(canvas) >= familiar.psnr

    @torch.inference_mode()
    def render(
        self,
        chain: Chain,
        source_image: Image.Image | None = None,
        *,
        instruction: str,
        preset: str = "exact",
        num_inference_steps: int | None = None,
        scheduler: str | None = None,
        seed: int = 42,
        height: int | None = None,
        width: int | None = None,
        guidance_scales: GuidanceScales | None = None,
        guidance_from: float | None = None,
        guidance_until: float | None = None,
        cache_interval: int | None = None,
        fit: str = "pad",
        on_step: OnStep | None = None,
        on_latents: OnLatents | None = None,
        on_drawing: OnDrawing | None = None,
        cancel: Cancel | None = None,
    ) -> list[Image.Image]:
        """Renders an image for each turn of a chain, planned or edited, without planning (paper sec. 6.2).

        `instruction` is the one that the chain was planned for. Options that are None are taken from the preset. The
        images have the source's size with fit "pad" and the reference's output size with "stretch"; without a source
        image, width × height.
        """
        drawing = self._open_drawing(
            source_image,
            preset=preset,
            num_inference_steps=num_inference_steps,
            scheduler=scheduler,
            seed=seed,
            height=height,
            width=width,
            guidance_scales=guidance_scales,
            guidance_from=guidance_from,
            guidance_until=guidance_until,
            cache_interval=cache_interval,
            fit=fit,
        )
        turns = [turn for turn in chain.turns if turn.text.strip()]
        if not turns:
            raise ChainError("chain_empty", "The chain is empty.", "Plan first, or write a chain by hand.")
        watch = Watch(None, on_step, cancel, on_latents, on_drawing)
        self.residence.plan()
        reading, picture = self.planner.open(instruction, source_image), None
        for turn in turns:
            self.residence.plan()
            self.planner.read(reading, turn.text, picture)
            picture = self._draw(drawing, reading, chain.mask_regions(turn.index), watch)
        return drawing.images

    @torch.inference_mode()
    def __call__(
        self,
        instruction: str,
        source_image: Image.Image | None = None,
        *,
        on_token: OnToken | None = None,
        on_step: OnStep | None = None,
        on_latents: OnLatents | None = None,
        on_drawing: OnDrawing | None = None,
        on_planned: OnPlanned | None = None,
        cancel: Cancel | None = None,
        max_turns: int = 8,
        **render_options: Any,  # noqa: ANN401 - fields of many types
    ) -> Result:
        """Plans and renders turn by turn, until the model writes no further turn or `max_turns` is reached.

        `on_planned` gets the chain after each new turn, before that turn is rendered; an exception that it raises ends
        the request. `render_options` are those of `render`. Raises ChainError if the plan contains no image.
        """
        drawing = self._open_drawing(source_image, **render_options)
        watch = Watch(on_token, on_step, cancel, on_latents, on_drawing)
        self.residence.plan()
        reading = self.planner.open(instruction, source_image)
        turns: list[str] = []
        passage = self.planner.write(reading, watch)
        while passage.asks_for_picture:
            turns.append(passage.text)
            chain = Chain.from_turns(turns)
            if on_planned:
                on_planned(chain)
            picture = self._draw(drawing, reading, chain.mask_regions(len(turns) - 1), watch)
            if len(turns) == max_turns:
                break
            self.residence.plan()
            passage = self.planner.go_on(reading, picture, watch)
        if not turns:
            raise ChainError(
                "no_picture_planned",
                "The model's plan ends without a picture: “{text}”.",
                "Rephrase the request, or write the chain by hand.",
                text=passage.text[-80:],
            )
        return Result(Chain.from_turns(turns), drawing.images)

    def _open_drawing(self, source_image: Image.Image | None, **options: Any) -> Drawing:  # noqa: ANN401
        task = "text_to_image" if source_image is None else "edit"
        return Drawing(render_options(self.config, task, **options), source_image)

    def _draw(self, drawing: Drawing, reading: Any, regions: Sequence[Region], watch: Watch) -> Image.Image:  # noqa: ANN401
        """Renders the turn that was read last. Returns the image that the planner sees next."""
        watch.drawing("encode")
        meaning = self.renderer.understand(self.planner.query(reading))
        self.residence.draw()
        turn, reference = len(drawing.images), drawing.reference()
        canvas = self.renderer.draw(meaning, regions, reference, drawing.options, drawing.fit, watch, turn)
        return drawing.add(canvas)
