"""GoTPipeline: plan a picture or an edit as a GoT chain, then draw what the chain says (arXiv 2503.10639, sec. 4)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

from engine.api.chain import IM_GEN_START, Chain, Region
from engine.api.errors import ChainError
from engine.got.checkpoint import Components, load_components
from engine.got.conditioning import (
    Conditioning,
    PictureEncoder,
    image_guidance,
    image_to_tensor,
    semantic_guidance,
    size_ids,
    tensor_to_image,
)
from engine.got.decoding import ROOM, Decoder
from engine.got.denoise import GuidedUNet, denoise
from engine.got.drawing import Drawing
from engine.got.guidance import GuidanceScales, needed_branches
from engine.got.kernels import usable
from engine.got.kernels.layers import use_own_layers
from engine.got.layout import (
    channels_last,
    compile_blocks,
    fuse_projections,
    release_blocks,
    take_apart,
)
from engine.got.memory import (
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
from engine.got.options import RenderOptions
from engine.got.planner import Planner, not_finite
from engine.got.progress import Cancel, OnDrawing, OnLatents, OnPlanned, OnStep, OnToken, Watch
from engine.got.prompts import SourceProcessor, Vocabulary
from engine.got.quantize import Int8Linear, kind_of_weights, shrink, shrink_unet
from engine.got.reading import Reading
from engine.got.recording import RecordedUNet
from engine.got.schedulers import make_scheduler
from engine.got.swap import is_out_of_memory
from engine.imaging.fit import Fit


@dataclass(frozen=True)
class Result:
    """What one request made: the chain, and a picture for each of its turns."""

    chain: Chain
    images: list[Image.Image]


class GoTPipeline:
    """One GoT model, from instruction to picture. Of a request, only the latents of its last pictures stay in it."""

    def __init__(self, components: Components, arrange: bool = False) -> None:
        """`arrange`: nobody else uses the networks, so they may be laid out as their device is quickest with them."""
        self.config = components.config
        self.folder = components.folder
        self.projectors = components.projectors
        self.unet = components.unet
        self.vae = components.vae
        self.scheduler_config = components.scheduler_config
        self.planner = Planner(
            components.mllm,
            Vocabulary(components.tokenizer, self.config.num_query_tokens),
            SourceProcessor(components.image_processor, self.config.source_size, self.config.source_frames),
        )
        self.residence = Residence(RESIDENT, components.mllm.device, *self._parts())
        self.encode = PictureEncoder(self.vae)
        self.originals: dict[str, Tensor] = {}
        """Matrices as they were before `apply_adapters`, by module."""
        self.recorded_unet: RecordedUNet | None = None
        """What runs the UNet's passes on a card on which it stays."""
        self._arrange = arrange
        self.use(RESIDENT, components.mllm.device)

    @classmethod
    def from_pretrained(
        cls,
        folder: str | Path,
        device: str | torch.device = "cpu",
        dtype: torch.dtype = torch.float32,
        on_part: Callable[[int, int], None] | None = None,
        weights: str = "exact",
    ) -> GoTPipeline:
        """The model in a folder of the native layout; `on_part` gets (parts loaded, parts in all).

        `weights` is one of `quantize.WEIGHTS`, and says how the UNet calculates. The model uses the device's memory as
        what there is of it allows. Raises ModelError where the folder is not one, or the device lacks such weights.
        """
        device = torch.device(device)
        kind = kind_of_weights(weights, device, dtype)
        components = load_components(Path(folder), torch.device("cpu"), dtype, on_part)
        if kind:
            shrink_unet(components.unet, kind, device)
        pipeline = cls(components, arrange=True)
        memory = free_memory(device)
        if memory is not None:
            keep_within(memory, device)
        pipeline.use_memory(memory, device)
        return pipeline

    def use_memory(self, memory: int | None, device: torch.device) -> None:
        """Takes the tier that so many bytes of the device's memory allow; None: no limit. Raises as `use` does."""
        planning, drawing = map(weight_bytes, self._parts())
        side, tiers = self.config.image_size, tiers_of(device)
        self.use(RESIDENT if memory is None else choose_tier(memory, planning, drawing, side, tiers), device)

    def use(self, tier: Tier, device: torch.device) -> None:
        """Spreads the model over the device's memory as that tier has it, or the first after it that there is room for.

        Raises what torch says of its memory where there is none.
        """
        self._leave()
        on_card = self._arrange and device.type == "cuda"
        if on_card:
            channels_last(self.unet)
            use_own_layers(self.unet)
            use_own_layers(self.vae)
        try:
            if tier.eight_bits:  # from then on: where a tier below it is taken, there is no way back
                shrink(self.planner.mllm.model.language_model, Int8Linear, device)
            self.residence = Residence(tier, device, *self._parts())
        except (RuntimeError, MemoryError) as error:
            lower = next_tier(tier, device)
            if lower is None or not is_out_of_memory(error):
                raise
            return self.use(lower, device)
        half = self.config.image_size // 2
        self.vae.use_tiling = self.vae.use_slicing = tier.tiled_vae
        self.vae.tile_sample_min_size = half  # of its own accord it tiles nothing of the size it was made for
        self.vae.tile_latent_min_size = half // 2 ** (len(self.vae.config["block_out_channels"]) - 1)
        if on_card:
            self._settle(tier)

    def _leave(self) -> None:
        """Lets go of what holds only as long as the networks lie where they are."""
        self.residence.put_away()
        self.encode.forget()
        self.planner.decoder = None
        self.recorded_unet = None
        release_blocks(self.unet)
        take_apart(self.unet)

    def _settle(self, tier: Tier) -> None:
        """What makes a card quick, as far as the networks stay on it."""
        if not tier.plans_on_cpu:
            self.planner.decoder = Decoder(self.planner.mllm)
            self.residence.on_planner_leaves = self.planner.decoder.forget
        if tier is RESIDENT:
            fuse_projections(self.unet)
            self.recorded_unet = RecordedUNet(self.unet)

    def warm_up(self, cancel: Cancel | None = None) -> None:
        """Does now, on a card, what the first request would wait for: records the planner's steps, compiles the UNet's
        blocks, has kernels chosen. Raises Cancelled and torch.OutOfMemoryError.
        """
        device, side = self.residence.device, self.config.image_size
        if device.type != "cuda":
            return
        if self.residence.tier is RESIDENT and usable(device):
            self.recorded_unet = RecordedUNet(self.unet)  # what was recorded before is not compiled
            compile_blocks(self.unet, partial(self.try_out, side, cancel))
        else:
            self.try_out(side, cancel)

    @torch.inference_mode()
    def try_out(self, side: int, cancel: Cancel | None = None) -> None:
        """A trial at that size: writes some tokens, draws a step with guidance and one without. Raises Cancelled."""
        chain, source = Chain.parse(f"A trial.{IM_GEN_START}"), Image.new("RGB", (side, side))
        self.residence.plan()
        with closing(self.planner.open("A trial.", source).write()) as tokens:
            list(islice(tokens, 4))
        if self.planner.decoder:
            with self.planner.decoder.lend(ROOM):  # what a second turn, or a very long chain, is written with
                pass
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
        return [self.planner.mllm, self.projectors], [self.unet, self.vae]

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
        redrawn = self.vae.decode(self.encode([canvas]), return_dict=False)[0][0].float().cpu()
        error = (redrawn.clamp(-1, 1) - image_to_tensor(canvas)).square().mean().item()
        return 10 * math.log10(4 / max(error, 1e-9)) >= familiar.psnr  # values run from -1 to 1

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
            raise ChainError("chain_empty", "The chain is empty.", "Plan one, or write what the picture is to show.")
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
        while written.stop == self.planner.vocabulary.im_gen_start:
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
                f"The model's plan ends without a picture: “{written.text[-80:]}”.",
                "Say it in other words, or write the chain by hand.",
            )
        return Result(Chain.from_turns(turns), drawing.images)

    def _open_drawing(self, source_image: Image.Image | None, **options: Any) -> Drawing:  # noqa: ANN401
        task = "text_to_image" if source_image is None else "edit"
        return Drawing(RenderOptions.for_model(self.config, task, **options), source_image)

    def _draw(self, drawing: Drawing, reading: Reading, regions: Sequence[Region], watch: Watch) -> Image.Image:
        """One turn, from what is read to its picture, as the MLLM is to see it."""
        watch.drawing("encode")
        options = drawing.options
        semantic = semantic_guidance(self.planner.query(reading), self.projectors)
        self.residence.draw()
        semantic = semantic.to(self.unet.device)
        reference, spatial = image_guidance(self.encode, drawing.reference(), drawing.masks(regions), self.unet.dtype)
        conditioning = Conditioning(semantic, reference, spatial, size_ids(drawing.fit.canvas).to(reference.device))

        batch_size, branches = self.residence.tier.branches_at_once, needed_branches(options.guidance_scales)
        guided = GuidedUNet(self.unet, conditioning, branches, batch_size, options.cache_interval, self.recorded_unet)
        scheduler = make_scheduler(options.scheduler, self.scheduler_config)
        watch.drawing("denoise")
        on_step = partial(watch.step, turn=len(drawing.images))
        latents = denoise(
            guided,
            scheduler,
            options.seed,
            options.num_inference_steps,
            on_step,
            watch.on_latents,
            options.guidance_from,
            options.guidance_until,
        )

        watch.drawing("decode")
        decoded = self.vae.decode(latents.to(self.vae.dtype) / self.vae.config["scaling_factor"], return_dict=False)[0]
        if not decoded.isfinite().all():  # it would be black
            raise not_finite("The picture came out as numbers that are out of range.")
        return drawing.add(tensor_to_image(decoded[0]))
