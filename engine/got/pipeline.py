"""GoTPipeline: plan a picture or an edit as a GoT chain, then draw what the chain says (arXiv 2503.10639, sec. 4)."""

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
from engine.got.residence.quantize import kind_of_weights, shrink_unet
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
    """What one request made: the chain, and a picture for each of its turns."""

    chain: Chain
    images: list[Image.Image]


class GoTPipeline(Generic[P, R]):
    """A planner and a renderer, from instruction to picture, with their weights where the device has room for them."""

    def __init__(
        self,
        config: GoTConfig,
        planner: P,
        renderer: R,
        device: torch.device,
        folder: Path | None = None,
        arrange: bool = False,
    ) -> None:
        """`folder` is where the weights were read from, None: from nowhere.

        `arrange`: nobody else uses the networks, so they may be laid out as their device is quickest with them.
        """
        self.config = config
        self.planner = planner
        self.renderer = renderer
        self.folder = folder
        self.originals: dict[str, Tensor] = {}
        """Matrices as they were before `apply_adapters`, by module."""
        self._arrange = arrange
        self.residence = Residence(RESIDENT, device, *self._parts())
        self.use(RESIDENT, device)

    @classmethod
    def from_components(cls, components: Components, arrange: bool = False) -> GoTPipeline[GoTPlanner, UNetRenderer]:
        """GoT's pair, of networks that are loaded, on the device on which they are; `arrange` as above."""
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
        """The model in a folder of the native layout; `on_part` gets (parts loaded, parts in all).

        `weights` is one of `quantize.WEIGHTS`, and says how the UNet calculates. The model uses the device's memory as
        what there is of it allows. Raises ModelError where the folder is not one, or the device lacks such weights.
        """
        device = torch.device(device)
        kind = kind_of_weights(weights, device, dtype)
        components = load_components(Path(folder), torch.device("cpu"), dtype, on_part)
        if kind:
            shrink_unet(components.unet, kind, device)
        pipeline = cls.from_components(components, arrange=True)
        memory = free_memory(device)
        if memory is not None:
            keep_within(memory, device)
        pipeline.use_memory(memory, device)
        return pipeline

    @property
    def networks(self) -> dict[str, nn.Module]:
        """All of them, by part of the native layout."""
        return {**self.planner.networks, **self.renderer.bridge, **self.renderer.networks}

    def use_memory(self, memory: int | None, device: torch.device) -> None:
        """Takes the tier that so many bytes of the device's memory allow; None: no limit. Raises as `use` does."""
        planning, drawing = map(weight_bytes, self._parts())
        side, tiers = self.config.image_size, tiers_of(device)
        self.use(RESIDENT if memory is None else choose_tier(memory, planning, drawing, side, tiers), device)

    def use(self, tier: Tier, device: torch.device) -> None:
        """Spreads the model over the device's memory as that tier has it, or the first after it that there is room for.

        Raises what torch says of its memory where there is none.
        """
        self.residence.put_away()
        self.planner.leave()
        self.renderer.leave()
        on_card = self._arrange and device.type == "cuda"
        if on_card:
            self.renderer.arrange()
        try:
            if tier.eight_bits:  # from then on: where a tier below it is taken, there is no way back
                self.planner.shrink(device)
            self.residence = Residence(tier, device, *self._parts())
        except (RuntimeError, MemoryError) as error:
            lower = next_tier(tier, device)
            if lower is None or not is_out_of_memory(error):
                raise
            return self.use(lower, device)
        self.renderer.use(tier, self.config.image_size)
        if on_card and not tier.plans_on_cpu:
            self.planner.settle()
            self.residence.on_planner_leaves = self.planner.pause
        if on_card and tier is RESIDENT:
            self.renderer.settle()

    def warm_up(self, cancel: Cancel | None = None) -> None:
        """Does now, on a card, what the first request would wait for. Raises Cancelled and torch.OutOfMemoryError."""
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
        """A trial at that size: writes some tokens, draws a step with guidance and one without. Raises Cancelled."""
        chain, source = Chain.parse(f"A trial.{IM_GEN_START}"), Image.new("RGB", (side, side))
        self.residence.plan()
        self.planner.try_out(source)
        options = {"num_inference_steps": 2, "guidance_until": 0.5, "width": side, "height": side}
        self.render(chain, source, instruction="A trial.", cancel=cancel, **options)

    def use_less(self) -> Tier | None:
        """Takes the next tier, which needs less of the device's memory, and keeps to it; None where there is none."""
        lower = next_tier(self.residence.tier, self.residence.device)
        if lower is None:
            return None
        self.use(lower, self.residence.device)
        return self.residence.tier

    def _parts(self) -> tuple[list[nn.Module], list[nn.Module]]:
        """(what plans, what draws)"""
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
        """Writes the chain's first turn: of an edit where there is a source image, else of text-to-image.

        Boxes are relative to the source image's width and height, whatever the fit. A chain that the model did not
        bring to a picture comes back as it stands, with its problems.
        """
        self.residence.plan()
        reading = self.planner.open(instruction, source_image)
        return Chain.from_turns([self.planner.write(reading, Watch(on_token, cancel=cancel)).text])

    @torch.inference_mode()
    def recognizes(self, picture: Image.Image) -> bool:
        """Whether a picture is of those that the model knows, as far as got.json says which they are.

        An autoencoder redraws well what it was trained on, and little else.
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
        """Draws a picture for each turn of a chain, planned or edited, without planning (paper sec. 6.2).

        `instruction` is the one that the chain answers; what is None is the preset's. The pictures have
        the source's size with fit "pad", the reference's output size with "stretch"; with no source, width × height.
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
        reading, drawn = self.planner.open(instruction, source_image), None
        for turn in turns:
            self.residence.plan()
            self.planner.read(reading, turn.text, drawn)
            drawn = self._draw(drawing, reading, chain.mask_regions(turn.index), watch)
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
        """Plans and draws, turn after turn, until the model says that a picture was the last one, `max_turns` at most.

        `on_planned` gets the chain each time that it has another turn, before that is drawn; what it raises ends the
        request. `render_options` are those of `render`. Raises ChainError where the model plans no picture at all.
        """
        drawing = self._open_drawing(source_image, **render_options)
        watch = Watch(on_token, on_step, cancel, on_latents, on_drawing)
        self.residence.plan()
        reading = self.planner.open(instruction, source_image)
        turns: list[str] = []
        written = self.planner.write(reading, watch)
        while written.asks_for_picture:
            turns.append(written.text)
            chain = Chain.from_turns(turns)
            if on_planned:
                on_planned(chain)
            drawn = self._draw(drawing, reading, chain.mask_regions(len(turns) - 1), watch)
            if len(turns) == max_turns:
                break
            self.residence.plan()
            written = self.planner.go_on(reading, drawn, watch)
        if not turns:
            raise ChainError(
                "no_picture_planned",
                "The model's plan ends without a picture: “{text}”.",
                "Rephrase the request, or write the chain by hand.",
                text=written.text[-80:],
            )
        return Result(Chain.from_turns(turns), drawing.images)

    def _open_drawing(self, source_image: Image.Image | None, **options: Any) -> Drawing:  # noqa: ANN401
        task = "text_to_image" if source_image is None else "edit"
        return Drawing(render_options(self.config, task, **options), source_image)

    def _draw(self, drawing: Drawing, reading: Any, regions: Sequence[Region], watch: Watch) -> Image.Image:  # noqa: ANN401
        """One turn, from what is read to its picture, as the planner is to see it."""
        watch.drawing("encode")
        meaning = self.renderer.understand(self.planner.query(reading))
        self.residence.draw()
        turn, reference = len(drawing.images), drawing.reference()
        canvas = self.renderer.draw(meaning, regions, reference, drawing.options, drawing.fit, watch, turn)
        return drawing.add(canvas)
