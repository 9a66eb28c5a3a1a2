"""CUDA graphs of the UNet's passes, on the CPU: a stand-in replays the recorded operators."""

from copy import deepcopy

import pytest
import torch
from torch import Tensor

from engine.got.files.checkpoint import Components
from engine.got.renderers import recorded as recording
from engine.got.renderers.recorded import RecordedUNet
from tests.engine.got import card


@pytest.fixture(autouse=True)
def inference():
    with torch.inference_mode():
        yield


@pytest.fixture
def unet(components: Components, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(recording, "recorded", card.recorded)
    return deepcopy(components.unet)


def given(unet, samples: int, side: int = 8) -> tuple[Tensor, Tensor, Tensor, dict[str, Tensor]]:
    config = unet.config
    added = {"text_embeds": torch.randn(1, 20), "time_ids": 64.0 * torch.randint(0, 3, (1, 6))}
    sample = torch.randn(samples, config["in_channels"], side, side)
    return sample, torch.randint(0, 1000, ()), torch.randn(samples, 5, config["cross_attention_dim"]), added


def whole(unet, sample: Tensor, timestep: Tensor, embeds: Tensor, added: dict[str, Tensor]) -> Tensor:
    return unet(sample, timestep, encoder_hidden_states=embeds, added_cond_kwargs=added, return_dict=False)[0]


def test_a_replayed_pass_uses_its_current_inputs(unet):
    recorded = RecordedUNet(unet)
    results = []
    for samples in (4, 1, 4, 4, 1):
        question = given(unet, samples)
        results.append((recorded(*question), whole(unet, *question)))
    for actual, expected in results:  # later calls do not change earlier results
        torch.testing.assert_close(actual, expected, rtol=0, atol=1e-5)
    assert len(recorded._passes) == 2


def test_the_most_recently_used_graphs_are_kept(unet):
    recorded = RecordedUNet(unet, capacity=2)
    first, second, third = (given(unet, samples) for samples in (1, 2, 3))
    for question in (first, second, first, third):
        recorded(*question)
    assert [key[0][0] for key in recorded._passes] == [1, 3]
    torch.testing.assert_close(recorded(*second), whole(unet, *second), rtol=0, atol=1e-5)


def test_another_image_size_records_another_graph(unet):
    recorded = RecordedUNet(unet)
    for side in (8, 16):
        question = given(unet, 1, side)
        torch.testing.assert_close(recorded(*question), whole(unet, *question), rtol=0, atol=1e-5)
    assert len(recorded._passes) == 2


def test_weights_changed_by_an_adapter_take_effect(unet):
    recorded, question = RecordedUNet(unet), given(unet, 1)
    before = recorded(*question)
    unet.conv_out.bias.data.add_(1)
    torch.testing.assert_close(recorded(*question), before + 1, rtol=0, atol=1e-5)
