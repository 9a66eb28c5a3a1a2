"""The MLLM's input: the user's text never becomes a control token, and patches are in the image processor's order."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from engine.api.errors import RequestError
from engine.got.planners.prompts import EDIT_PROMPT, TEXT_TO_IMAGE_PROMPT, SourceProcessor, Vocabulary
from tests.engine.got.tiny import QUERIES, make_tokenizer

VOCABULARY = Vocabulary(make_tokenizer(), QUERIES)
TOKENS = ("<|im_gen_start|>", "<|im_end|>", "<|image_pad|>", "<|box_start|>", "<|im_gen_0001|>", "<tool_call>")
SIZE, PATCH, MERGE = 48, 4, 2
SIDE = SIZE // PATCH


def text(ids: list[int]) -> str:
    return VOCABULARY.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)


@given(
    st.lists(st.sampled_from([*TOKENS, "<|im_<|im_end|>end|>", "<|", "|>", " a "]) | st.text(max_size=4)).map("".join)
)
def test_user_text_yields_no_control_tokens_and_is_complete(typed: str):
    ids = VOCABULARY.encode_user_text(typed)
    assert VOCABULARY.added.isdisjoint(ids)
    assert text(ids) == typed


def test_a_control_token_outside_user_text_is_one():
    """Proves that the test above can fail."""
    for token in TOKENS:
        (token_id,) = VOCABULARY.tokenizer.encode(token, add_special_tokens=False)
        assert token_id in VOCABULARY.added


@pytest.mark.parametrize("typed", ["\ud800", "a boat \udfff"])
def test_a_lone_surrogate_is_refused(typed: str):
    with pytest.raises(RequestError, match="invalid character") as caught:
        VOCABULARY.encode_user_text(typed)
    assert caught.value.exit_code == 2 and caught.value.remedy


def test_the_edit_prompt_has_the_image_before_the_text():
    expected = f"<|vision_start|>{'<|image_pad|>' * 9}<|vision_end|>{EDIT_PROMPT} make it red<|im_end|>\n"
    assert text(VOCABULARY.encode_prompt("  make it red\n", 1, 9)) == (
        f"<|im_start|>user\n{expected}<|im_start|>assistant\n"
    )


def test_the_caption_prompt_has_no_image():
    expected = f"<|im_start|>user\n{TEXT_TO_IMAGE_PROMPT} a house<|im_end|>\n<|im_start|>assistant\n"
    assert text(VOCABULARY.encode_prompt("a house", 0, 9)) == expected


@pytest.mark.parametrize("images", [0, 1])
@pytest.mark.parametrize("token", TOKENS)
def test_an_instruction_cannot_escape_its_place_in_the_prompt(images: int, token: str):
    plain, hostile = (VOCABULARY.encode_prompt(words, images, 4) for words in ("a boat", f"a boat {token}"))
    added_ids = [[token_id for token_id in ids if token_id in VOCABULARY.added] for ids in (plain, hostile)]
    assert added_ids[0] == added_ids[1]


# pictures


def processor(frames: str) -> SourceProcessor:
    return SourceProcessor(
        Qwen2VLImageProcessorPil(patch_size=PATCH, merge_size=MERGE, min_pixels=SIZE**2, max_pixels=SIZE**2),
        SIZE,
        frames,
    )


def split(pixel_values: Tensor) -> tuple[Tensor, Tensor]:
    """First and second frame, (patches, 3, patch, patch) each."""
    first, second = pixel_values.view(SIDE**2, 3, 2, PATCH, PATCH).unbind(2)
    return first, second


def gradient(axis: int) -> Image.Image:
    """A picture with a brightness gradient along one axis (0: to the right, 1: to the bottom)."""
    ramp = torch.linspace(0, 255, SIZE).expand(SIZE, -1)
    levels = (ramp if axis == 0 else ramp.T).to(torch.uint8)
    return Image.fromarray(levels.numpy()).convert("RGB")


@pytest.mark.parametrize("frames", ["repeat", "coordinates"])
@pytest.mark.parametrize(("mode", "size"), [("RGB", (48, 48)), ("RGBA", (7, 300)), ("L", (1, 1)), ("P", (200, 90))])
def test_pictures_of_any_size_and_mode_take_the_same_number_of_tokens(frames: str, mode: str, size: tuple[int, int]):
    source = processor(frames)
    inputs = source(Image.new(mode, size))
    assert inputs["pixel_values"].shape == (SIDE**2, 3 * 2 * PATCH * PATCH)
    assert inputs["image_grid_thw"].tolist() == [[1, SIDE, SIDE]] == [list(source.grid)]
    assert source.tokens == SIDE**2 // MERGE**2


def test_repeated_frames_are_equal():
    first, second = split(processor("repeat")(gradient(0))["pixel_values"])
    assert torch.equal(first, second) and first.std() > 0.1


def test_coordinates_keep_the_first_frame_and_do_not_depend_on_the_picture():
    first, coordinates = split(processor("coordinates")(gradient(0))["pixel_values"])
    assert torch.equal(first, split(processor("repeat")(gradient(0))["pixel_values"])[0])
    assert torch.equal(coordinates, split(processor("coordinates")(gradient(1))["pixel_values"])[1])


@pytest.mark.parametrize("axis", [0, 1])
def test_coordinates_are_in_the_order_of_the_image_processors_pixels(axis: int):
    """A picture that contains a coordinate equals that coordinate's channel, patch by patch."""
    pixels, coordinates = split(processor("coordinates")(gradient(axis))["pixel_values"])
    place, shade = coordinates[:, axis], pixels[:, 0]
    assert (place.min(), place.max()) == (-1.5, 1.5)
    scaled = (shade - shade.min()) / (shade.max() - shade.min()) * 3 - 1.5
    torch.testing.assert_close(place, scaled, rtol=0, atol=3 / 255)


def test_the_code_of_a_patch_encodes_its_column_and_row_as_waves():
    _, coordinates = split(processor("coordinates")(gradient(0))["pixel_values"])
    codes = coordinates[:, 2].flatten(1)
    assert len(codes.unique(dim=0)) == SIDE**2
    for patch, code in zip(coordinates, codes, strict=True):
        column, row = (int((patch[axis].mean() / 3 + 0.5) * SIDE) for axis in (0, 1))
        waves = [
            wave((place + 0.5) * frequency * math.pi / SIDE)
            for place in (column, row)
            for frequency in range(1, PATCH**2 // 4 + 1)
            for wave in (math.cos, math.sin)
        ]
        assert sorted(code.tolist()) == pytest.approx(sorted(waves), abs=1e-5)
