"""Whole requests, on a model of the real classes."""

from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine.api.chain import Box, Chain
from engine.api.errors import Cancelled, ChainError, ModelError, RequestError
from engine.got import GoTPipeline, GuidanceScales
from engine.got.files.checkpoint import Components, save_native
from engine.got.residence.tiers import RESIDENT
from tests.engine.got.tiny import CAPTION, CAPTION_TURN, EDIT, EDIT_TURNS

QUICK = {"num_inference_steps": 2, "seed": 7}
EDIT_CHAIN = Chain.from_turns(EDIT_TURNS)


def pixels(images: list[Image.Image]) -> list[list]:
    return [np.asarray(image).tolist() for image in images]


def difference(one: Image.Image, other: Image.Image) -> int:
    return int(np.abs(np.asarray(one, dtype=int) - np.asarray(other, dtype=int)).max())


@pytest.fixture(scope="module")
def edited(pipeline: GoTPipeline, source: Image.Image) -> list[Image.Image]:
    """The pictures of the edit's two turns."""
    return pipeline.render(EDIT_CHAIN, source, instruction=EDIT, **QUICK)


def test_a_plan_is_the_first_turn(pipeline: GoTPipeline, source: Image.Image):
    pieces: list[str] = []
    chain = pipeline.plan(EDIT, source, pieces.append)
    assert chain.text == "".join(pieces) == EDIT_TURNS[0]
    assert [region.box for region in chain.mask_regions(0)] == [Box(125, 250, 500, 750)]


def test_an_edit_is_planned_and_drawn_turn_after_turn(
    pipeline: GoTPipeline, source: Image.Image, edited: list[Image.Image]
):
    pieces, steps = [], []
    result = pipeline(EDIT, source, on_token=pieces.append, on_step=lambda *step: steps.append(step), **QUICK)
    assert [turn.text for turn in result.chain.turns] == list(EDIT_TURNS)
    assert "".join(pieces) == result.chain.text
    assert steps == [(1, 2, 0), (2, 2, 0), (1, 2, 1), (2, 2, 1)]
    assert [image.size for image in result.images] == [source.size] * 2
    assert [difference(*pair) for pair in zip(result.images, edited, strict=True)] <= [1, 1]


def test_text_to_image_needs_no_source(pipeline: GoTPipeline):
    result = pipeline(CAPTION, width=96, height=72, **QUICK)
    assert result.chain.text == CAPTION_TURN
    assert [image.size for image in result.images] == [(96, 72)]


def test_the_number_of_turns_can_be_limited(pipeline: GoTPipeline, source: Image.Image, edited: list[Image.Image]):
    result = pipeline(EDIT, source, max_turns=1, **QUICK)
    assert result.chain.text == EDIT_TURNS[0]
    assert pixels(result.images) == pixels(edited[:1])


def test_a_plan_without_a_picture_is_an_error(
    pipeline: GoTPipeline, source: Image.Image, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pipeline.planner, "max_new_tokens", 3)
    with pytest.raises(ChainError, match="without a picture: “A boat"):
        pipeline(EDIT, source, **QUICK)


def test_a_chain_that_is_given_is_not_planned_again(
    pipeline: GoTPipeline, source: Image.Image, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pipeline.planner, "write", None)
    lengths = []
    hook = pipeline.planner.mllm.model.register_forward_pre_hook(
        lambda module, args, kwargs: lengths.append(kwargs["input_ids"].shape[1]), with_kwargs=True
    )
    pipeline.render(EDIT_CHAIN, source, instruction=EDIT, **QUICK)
    hook.remove()
    assert len(lengths) == 2  # one forward a turn


def test_the_next_turn_starts_from_the_last_picture(
    pipeline: GoTPipeline, source: Image.Image, edited: list[Image.Image]
):
    references = []
    hook = pipeline.renderer.unet.register_forward_pre_hook(
        lambda module, args, kwargs: references.append(args[0][0, 4:8]), with_kwargs=True
    )
    pipeline.render(EDIT_CHAIN, edited[0], instruction=EDIT, num_inference_steps=1)
    hook.remove()
    first, second = references
    assert not torch.allclose(first, second)


def test_a_moved_box_changes_the_picture_and_the_words_alone_do_too(
    pipeline: GoTPipeline, source: Image.Image, edited: list[Image.Image]
):
    plan = Chain.parse(EDIT_TURNS[0])
    for chain in (plan.move(0, 300, 0), plan.set_attribute(0, "boat", "house")):
        (changed,) = pipeline.render(chain, source, instruction=EDIT, **QUICK)
        assert difference(changed, edited[0]) > 0


def test_a_broken_box_has_no_effect_on_the_masks(pipeline: GoTPipeline, source: Image.Image):
    chain = Chain.parse("A <|box_start|>(31,22),(64222),(642,208)<|box_end|> (red).<|im_gen_start|>")
    assert [problem.code for problem in chain.problems] == ["broken_corners"]
    spatial = []
    hook = pipeline.renderer.unet.register_forward_pre_hook(
        lambda module, args, kwargs: spatial.append(args[0][0, 8:]), with_kwargs=True
    )
    for text in (chain.text, "A thing.<|im_gen_start|>"):
        pipeline.render(Chain.parse(text), source, instruction=EDIT, num_inference_steps=1)
    hook.remove()
    assert torch.equal(*spatial)


def test_a_chain_by_hand_needs_no_end(pipeline: GoTPipeline, source: Image.Image, edited: list[Image.Image]):
    chain = Chain.parse(EDIT_TURNS[0].removesuffix("<|im_gen_start|>"))
    assert pixels(pipeline.render(chain, source, instruction=EDIT, **QUICK)) == pixels(edited[:1])


def test_a_line_end_after_the_chain_is_no_turn(pipeline: GoTPipeline, source: Image.Image, edited: list[Image.Image]):
    chain = Chain.parse(EDIT_TURNS[0] + "\n")
    assert pixels(pipeline.render(chain, source, instruction=EDIT, **QUICK)) == pixels(edited[:1])


def test_an_empty_chain_is_an_error(pipeline: GoTPipeline, source: Image.Image):
    with pytest.raises(ChainError, match="empty"):
        pipeline.render(Chain.parse(" \n"), source, instruction=EDIT)


def test_the_models_own_options_are_used(pipeline: GoTPipeline, monkeypatch: pytest.MonkeyPatch):
    totals = []
    chain = Chain.parse(CAPTION_TURN)
    with pytest.raises(Cancelled):
        pipeline.render(chain, instruction=CAPTION, on_step=lambda *step: totals.append(step), cancel=lambda: totals)
    assert totals == [(1, 50, 0)]


def test_options_are_checked_before_anything_is_planned(
    pipeline: GoTPipeline, source: Image.Image, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pipeline.planner, "write", None)
    with pytest.raises(RequestError, match="plms"):
        pipeline(EDIT, source, scheduler="plms")


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 8},
        {"scheduler": "ddpm"},
        {"scheduler": "dpm-solver++"},
        {"scheduler": "unipc"},
        {"num_inference_steps": 3},
        {"guidance_scales": GuidanceScales(4, 0, 1.5)},
        {"guidance_scales": GuidanceScales(0, 3, 1.5)},
        {"guidance_scales": GuidanceScales(4, 3, 0)},
    ],
)
def test_each_option_changes_the_picture(
    pipeline: GoTPipeline, source: Image.Image, edited: list[Image.Image], change: dict
):
    chain = Chain.parse(EDIT_TURNS[0])
    (image,) = pipeline.render(chain, source, instruction=EDIT, **{**QUICK, **change})
    assert difference(image, edited[0]) > 0


@pytest.mark.parametrize(("fit", "size"), [("pad", (96, 48)), ("stretch", (128, 64))])
def test_the_picture_comes_back_as_the_fit_says(
    pipeline: GoTPipeline, source: Image.Image, fit: str, size: tuple[int, int]
):
    (image,) = pipeline.render(Chain.parse(EDIT_TURNS[0]), source, instruction=EDIT, fit=fit, **QUICK)
    assert image.size == size


@pytest.mark.parametrize("fit", ["pad", "stretch"])
def test_a_new_picture_has_the_size_that_was_asked_for(pipeline: GoTPipeline, fit: str):
    """With "stretch" the reference would hand back 288×128: docs/golden-parity.md."""
    (image,) = pipeline.render(
        Chain.parse(CAPTION_TURN), instruction=CAPTION, fit=fit, **QUICK | {"width": 192, "height": 128}
    )
    assert image.size == (192, 128)


def test_any_mode_of_picture_is_taken(pipeline: GoTPipeline, source: Image.Image, edited: list[Image.Image]):
    chain = Chain.parse(EDIT_TURNS[0])
    with_alpha = source.convert("RGBA")
    assert pixels(pipeline.render(chain, with_alpha, instruction=EDIT, **QUICK)) == pixels(edited[:1])
    (gray,) = pipeline.render(chain, source.convert("L"), instruction=EDIT, **QUICK)
    assert gray.mode == "RGB"


def test_a_request_is_cancelled_at_the_next_step_and_the_next_one_is_clean(
    pipeline: GoTPipeline, source: Image.Image, edited: list[Image.Image]
):
    steps: list[tuple] = []
    chain = Chain.parse(EDIT_TURNS[0])
    with pytest.raises(Cancelled):
        pipeline.render(
            chain,
            source,
            instruction=EDIT,
            on_step=lambda *step: steps.append(step),
            cancel=lambda: len(steps) == 1,
            **QUICK,
        )
    assert steps == [(1, 2, 0)]
    assert pixels(pipeline.render(chain, source, instruction=EDIT, **QUICK)) == pixels(edited[:1])


def test_the_parts_of_each_drawing_are_told(pipeline: GoTPipeline, source: Image.Image):
    parts = []
    pipeline.render(EDIT_CHAIN, source, instruction=EDIT, on_drawing=parts.append, **QUICK)
    assert parts == ["encode", "denoise", "decode"] * len(EDIT_TURNS)


def test_a_request_can_be_cancelled_before_it_draws(pipeline: GoTPipeline, source: Image.Image):
    with pytest.raises(Cancelled):
        pipeline.render(EDIT_CHAIN, source, instruction=EDIT, cancel=lambda: True, **QUICK)
    with pytest.raises(Cancelled):
        pipeline.plan(EDIT, source, cancel=lambda: True)


def test_less_memory_gives_the_same_picture(
    pipeline: GoTPipeline, source: Image.Image, edited: list[Image.Image], request: pytest.FixtureRequest
):
    side = pipeline.config.image_size
    request.addfinalizer(lambda: pipeline.renderer.use(RESIDENT, side))
    pipeline.renderer.use(replace(RESIDENT, branches_at_once=1), side)
    (image,) = pipeline.render(Chain.parse(EDIT_TURNS[0]), source, instruction=EDIT, **QUICK)
    assert difference(image, edited[0]) <= 1


def test_a_model_on_disk_draws_the_same(
    components: Components, pipeline: GoTPipeline, source: Image.Image, edited: list[Image.Image], tmp_path: Path
):
    save_native(tmp_path / "tiny", components, components.config)
    loaded = GoTPipeline.from_pretrained(tmp_path / "tiny")
    result = loaded(EDIT, source, max_turns=1, **QUICK)
    assert result.chain.text == EDIT_TURNS[0]
    assert pixels(result.images) == pixels(edited[:1])


def test_half_precision_draws_nearly_the_same(
    components: Components, pipeline: GoTPipeline, source: Image.Image, edited: list[Image.Image], tmp_path: Path
):
    save_native(tmp_path / "tiny", components, components.config)
    loaded = GoTPipeline.from_pretrained(str(tmp_path / "tiny"), "cpu", torch.bfloat16)
    (image,) = loaded.render(Chain.parse(EDIT_TURNS[0]), source, instruction=EDIT, **QUICK)
    assert difference(image, edited[0]) < 40


def test_in_float16_the_autoencoder_keeps_32_bits(components: Components, source: Image.Image, tmp_path: Path):
    """SDXL's exceeds the range of float16: its pictures would be black, as on a card of Turing's kind."""
    save_native(tmp_path / "model", components, components.config)
    ours = GoTPipeline.from_pretrained(tmp_path / "model", dtype=torch.float16)
    assert (ours.renderer.unet.dtype, ours.planner.mllm.dtype, ours.renderer.vae.dtype) == (
        torch.float16,
        torch.float16,
        torch.float32,
    )
    usual = GoTPipeline.from_pretrained(tmp_path / "model")
    drawn, wanted = (pipe.render(EDIT_CHAIN, source, instruction=EDIT, **QUICK)[0] for pipe in (ours, usual))
    assert difference(drawn, wanted) <= 8


def test_a_black_picture_is_never_handed_out(components: Components, source: Image.Image):
    """What a card makes of numbers that are out of its range."""
    ours = GoTPipeline.from_components(deepcopy(components))
    bias = ours.renderer.vae.decoder.conv_out.bias
    assert bias is not None
    with torch.no_grad():
        bias.fill_(torch.inf)
    with pytest.raises(ModelError, match="The renderer produced numbers that are not finite") as told:
        ours.render(EDIT_CHAIN, source, instruction=EDIT, **QUICK)
    assert told.value.code == "result_not_finite" and "--device cpu" in told.value.remedy


def test_a_plan_of_numbers_out_of_range_is_not_taken_for_one(components: Components, source: Image.Image):
    ours = GoTPipeline.from_components(deepcopy(components))
    with torch.no_grad():
        ours.planner.mllm.model.language_model.norm.weight.fill_(torch.nan)
    with pytest.raises(ModelError, match="The planner produced numbers"):
        ours.plan(EDIT, source)
