from itertools import islice

import pytest
import torch
from PIL import Image
from torch import Tensor

from engine.got.planners import decoding
from engine.got.planners.decoding import Decoder
from engine.got.planners.got import GoTPlanner
from engine.got.planners.reading import Reading
from tests.engine.got.tiny import EDIT, QUERIES

pytestmark = pytest.mark.usefixtures("inference")


@pytest.fixture
def inference():
    with torch.inference_mode():
        yield


@pytest.fixture(
    params=[None, 512, 7], ids=["as the processor likes it", "in a cache of fixed size", "in one that is soon full"]
)
def planner(request: pytest.FixtureRequest, planner: GoTPlanner, monkeypatch: pytest.MonkeyPatch) -> GoTPlanner:
    """The planner with both writers; a GPU differs only in recording the second one's steps as a CUDA graph."""
    if request.param:
        monkeypatch.setattr(planner, "decoder", Decoder(planner.mllm))
        monkeypatch.setattr(decoding, "ROOM", request.param)
    return planner


def full_forward(reading: Reading) -> Tensor:
    """Last hidden states of the whole text, with transformers' own positions and without a cache."""
    ids = torch.tensor([reading.ids])
    images = [image for _, image in reading._images]
    hidden = reading.mllm.model(
        input_ids=ids,
        mm_token_type_ids=torch.tensor([reading._is_image]),
        use_cache=False,
        **{name: torch.cat([image[name] for image in images]) for name in (images[0] if images else ())},
    ).last_hidden_state
    reading.mllm.model.rope_deltas = None
    return hidden


@pytest.mark.parametrize("with_image", [True, False])
def test_queries_on_the_planning_cache_equal_a_full_forward(planner: GoTPlanner, source: Image.Image, with_image: bool):
    reading = planner.open(EDIT, source if with_image else None)
    list(islice(reading.write(), 25))
    hidden = planner.query(reading)
    assert hidden.shape == (1, QUERIES, 32)
    torch.testing.assert_close(hidden, full_forward(reading)[:, -QUERIES:], rtol=0, atol=1e-5)


def test_a_forward_pass_reads_only_new_tokens(planner: GoTPlanner, source: Image.Image):
    reading = planner.open(EDIT, source)
    list(islice(reading.write(), 5))
    before = len(reading.ids)
    lengths = []
    hook = planner.mllm.model.register_forward_pre_hook(
        lambda module, args, kwargs: lengths.append(kwargs["input_ids"].shape[1]), with_kwargs=True
    )
    planner.query(reading)
    hook.remove()
    assert (len(reading.ids), lengths) == (before + QUERIES, [1 + QUERIES])  # the last written token had not been read


def test_queries_after_a_second_image_equal_a_full_forward(planner: GoTPlanner, source: Image.Image):
    """Although tokens written right after an image have other positions than when they are read."""
    reading = planner.open(EDIT, source)
    reading.append_image(planner.source_processor(source.transpose(Image.Transpose.ROTATE_90)), 4)
    list(islice(reading.write(), 10))
    torch.testing.assert_close(planner.query(reading), full_forward(reading)[:, -QUERIES:], rtol=0, atol=1e-5)


@pytest.mark.parametrize("repetition_penalty", [None, 1.3])
def test_tokens_equal_those_of_transformers(
    planner: GoTPlanner, source: Image.Image, monkeypatch: pytest.MonkeyPatch, repetition_penalty: float | None
):
    monkeypatch.setattr(planner.mllm.generation_config, "repetition_penalty", repetition_penalty)
    reading = planner.open(EDIT, source)
    reading.append_image(planner.source_processor(source.transpose(Image.Transpose.ROTATE_90)), 4)
    images = [image for _, image in reading._images]
    prompt = torch.tensor([reading.ids])
    # transformers' annotation requires attributes that only some of its models have
    generated = planner.mllm.generate(  # pyright: ignore[reportAttributeAccessIssue]
        input_ids=prompt,
        attention_mask=torch.ones_like(prompt),
        mm_token_type_ids=torch.tensor([reading._is_image]),
        **{name: torch.cat([image[name] for image in images]) for name in images[0]},
        min_new_tokens=12,
        max_new_tokens=12,
    )
    planner.mllm.model.rope_deltas = None
    assert list(islice(reading.write(), 12)) == generated[0, prompt.shape[1] :].tolist()


def test_images_affect_the_text(planner: GoTPlanner, source: Image.Image):
    one, other = planner.open(EDIT, source), planner.open(EDIT, Image.new("RGB", source.size))
    assert one.ids == other.ids
    assert not torch.allclose(planner.query(one), planner.query(other))


def test_positions_of_another_request_have_no_effect(planner: GoTPlanner, source: Image.Image):
    first = planner.query(planner.open(EDIT, source))
    planner.mllm.model.rope_deltas = torch.tensor([[77]])
    second = planner.query(planner.open(EDIT, source))
    assert planner.mllm.model.rope_deltas == torch.tensor([[77]])
    planner.mllm.model.rope_deltas = None
    assert torch.equal(first, second)


def test_requests_can_be_interleaved(planner: GoTPlanner, source: Image.Image):
    alone = list(islice(planner.open(EDIT, source).write(), 8))
    one, other = planner.open(EDIT, source).write(), planner.open("something else altogether", None).write()
    mixed = []
    for _ in range(8):
        mixed.append(next(one))
        next(other)
    assert mixed == alone
