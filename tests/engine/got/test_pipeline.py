"""Complete requests with a model of the real classes."""

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
    """The images of the edit's two turns."""
    return pipeline.render(EDIT_CHAIN, source, instruction=EDIT, **QUICK)


def test_a_plan_is_the_first_turn(pipeline: GoTPipeline, source: Image.Image):
    pieces: list[str] = []
    chain = pipeline.plan(EDIT, source, pieces.append)
    assert chain.text == "".join(pieces) == EDIT_TURNS[0]
    assert [region.box for region in chain.mask_regions(0)] == [Box(125, 250, 500, 750)]


def test_an_edit_is_planned_and_rendered_turn_by_turn(
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


def test_a_plan_without_an_image_is_an_error(
    pipeline: GoTPipeline, source: Image.Image, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pipeline.planner, "max_new_tokens", 3)
    with pytest.raises(ChainError, match="without a picture: “A boat"):
        pipeline(EDIT, source, **QUICK)


def test_a_given_chain_is_not_planned_again(
    pipeline: GoTPipeline, source: Image.Image, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pipeline.planner, "write", None)
    lengths = []
    hook = pipeline.planner.mllm.model.register_forward_pre_hook(
        lambda module, args, kwargs: lengths.append(kwargs["input_ids"].shape[1]), with_kwargs=True
    )
    pipeline.render(EDIT_CHAIN, source, instruction=EDIT, **QUICK)
    hook.remove()
    assert len(lengths) == 2  # one forward pass per turn


def test_the_next_turn_starts_from_the_last_image(
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


def test_both_a_moved_box_and_other_words_change_the_picture(
    pipeline: GoTPipeline, source: Image.Image, edited: list[Image.Image]
):
    plan = Chain.parse(EDIT_TURNS[0])
    for chain in (plan.move(0, 300, 0), plan.set_attribute(0, "boat", "house")):
        (moved,) = pipeline.render(chain, source, instruction=EDIT, **QUICK)
        assert difference(moved, edited[0]) > 0


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


def test_a_chain_by_hand_needs_no_end_token(pipeline: GoTPipeline, source: Image.Image, edited: list[Image.Image]):
    chain = Chain.parse(EDIT_TURNS[0].removesuffix("<|im_gen_start|>"))
    assert pixels(pipeline.render(chain, source, instruction=EDIT, **QUICK)) == pixels(edited[:1])


def test_a_line_break_after_the_chain_is_not_a_turn(
    pipeline: GoTPipeline, source: Image.Image, edited: list[Image.Image]
):
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
def test_the_image_has_the_size_that_the_fit_implies(
    pipeline: GoTPipeline, source: Image.Image, fit: str, size: tuple[int, int]
):
    (image,) = pipeline.render(Chain.parse(EDIT_TURNS[0]), source, instruction=EDIT, fit=fit, **QUICK)
    assert image.size == size


@pytest.mark.parametrize("fit", ["pad", "stretch"])
def test_a_new_image_has_the_requested_size(pipeline: GoTPipeline, fit: str):
    """With "stretch" the reference would return 288×128: docs/golden-parity.md."""
    (image,) = pipeline.render(
        Chain.parse(CAPTION_TURN), instruction=CAPTION, fit=fit, **QUICK | {"width": 192, "height": 128}
    )
    assert image.size == (192, 128)


def test_pictures_of_any_mode_are_accepted(pipeline: GoTPipeline, source: Image.Image, edited: list[Image.Image]):
    chain = Chain.parse(EDIT_TURNS[0])
    with_alpha = source.convert("RGBA")
    assert pixels(pipeline.render(chain, with_alpha, instruction=EDIT, **QUICK)) == pixels(edited[:1])
    (gray,) = pipeline.render(chain, source.convert("L"), instruction=EDIT, **QUICK)
    assert gray.mode == "RGB"


def test_a_request_is_canceled_at_the_next_step_without_affecting_the_next_request(
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


def test_the_parts_of_each_render_are_reported(pipeline: GoTPipeline, source: Image.Image):
    parts = []
    pipeline.render(EDIT_CHAIN, source, instruction=EDIT, on_drawing=parts.append, **QUICK)
    assert parts == ["encode", "denoise", "decode"] * len(EDIT_TURNS)


def test_a_request_can_be_canceled_before_it_renders(pipeline: GoTPipeline, source: Image.Image):
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


def test_a_saved_model_renders_the_same(
    components: Components, pipeline: GoTPipeline, source: Image.Image, edited: list[Image.Image], tmp_path: Path
):
    save_native(tmp_path / "tiny", components, components.config)
    loaded = GoTPipeline.from_pretrained(tmp_path / "tiny")
    result = loaded(EDIT, source, max_turns=1, **QUICK)
    assert result.chain.text == EDIT_TURNS[0]
    assert pixels(result.images) == pixels(edited[:1])


def test_half_precision_renders_nearly_the_same(
    components: Components, pipeline: GoTPipeline, source: Image.Image, edited: list[Image.Image], tmp_path: Path
):
    save_native(tmp_path / "tiny", components, components.config)
    loaded = GoTPipeline.from_pretrained(str(tmp_path / "tiny"), "cpu", torch.bfloat16)
    (image,) = loaded.render(Chain.parse(EDIT_TURNS[0]), source, instruction=EDIT, **QUICK)
    assert difference(image, edited[0]) < 40


def test_in_float16_the_autoencoder_stays_in_float32(components: Components, source: Image.Image, tmp_path: Path):
    """SDXL's autoencoder overflows in float16: its images would be black, as on Turing GPUs."""
    save_native(tmp_path / "model", components, components.config)
    half = GoTPipeline.from_pretrained(tmp_path / "model", dtype=torch.float16)
    assert (half.renderer.unet.dtype, half.planner.mllm.dtype, half.renderer.vae.dtype) == (
        torch.float16,
        torch.float16,
        torch.float32,
    )
    usual = GoTPipeline.from_pretrained(tmp_path / "model")
    actual, expected = (pipe.render(EDIT_CHAIN, source, instruction=EDIT, **QUICK)[0] for pipe in (half, usual))
    assert difference(actual, expected) <= 8


def test_a_black_picture_is_never_returned(components: Components, source: Image.Image):
    """The result on a GPU if values are out of range."""
    pipe = GoTPipeline.from_components(deepcopy(components))
    bias = pipe.renderer.vae.decoder.conv_out.bias
    assert bias is not None
    with torch.no_grad():
        bias.fill_(torch.inf)
    with pytest.raises(ModelError, match="The renderer produced numbers that are not finite") as error:
        pipe.render(EDIT_CHAIN, source, instruction=EDIT, **QUICK)
    assert error.value.code == "result_not_finite" and "--device cpu" in error.value.remedy


def test_a_plan_with_values_out_of_range_is_an_error(components: Components, source: Image.Image):
    pipe = GoTPipeline.from_components(deepcopy(components))
    with torch.no_grad():
        pipe.planner.mllm.model.language_model.norm.weight.fill_(torch.nan)
    with pytest.raises(ModelError, match="The planner produced numbers"):
        pipe.plan(EDIT, source)
