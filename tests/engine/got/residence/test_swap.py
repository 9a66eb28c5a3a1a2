"""Models that go to a device and home: what they weigh is there, at home it is what it was, and memory may be short.

A card is stood in by torch's "meta", where a tensor has a place but no values, and by the CPU, where it has both.
"""

import logging

import pytest
import torch
from torch import nn

from engine.got.residence.swap import OffloadedModules, PinnedMemory
from tests.engine.got.tiny import make_components

CPU, META = torch.device("cpu"), torch.device("meta")


class Tied(nn.Module):
    """Two names for one matrix, and buffers: one that files have, one that they have not, and that under two names."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(5, 4)
        self.head = nn.Linear(4, 5, bias=False)
        self.head.weight = self.embed.weight
        self.head.weight.requires_grad_(False)
        self.register_buffer("scale", torch.rand(4))
        self.register_buffer("inverse", torch.rand(4), persistent=False)
        self.register_buffer("original", self.inverse, persistent=False)
        self.register_buffer("none", None)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.head(self.embed(ids) * self.scale * self.inverse)


def held(model: nn.Module) -> list[torch.Tensor]:
    return [*model.parameters(), *model.buffers()]


def places(*models: nn.Module) -> set[str]:
    return {tensor.device.type for model in models for tensor in held(model)}


def test_tied_weights_and_buffers_go_once_and_come_home_as_they_were():
    model = Tied()
    before, wanted = held(model), model(torch.arange(5))
    modules = OffloadedModules([model], META)
    assert not modules.on_device and places(model) == {"cpu"}
    for _ in range(2):
        modules.come()
        assert modules.on_device and places(model) == {"meta"}
        assert model.head.weight is model.embed.weight and model.inverse is model.original
        assert isinstance(model.head.weight, nn.Parameter) and not model.head.weight.requires_grad
        modules.leave()
        assert all(now is then for now, then in zip(held(model), before, strict=True))
    assert torch.equal(model(torch.arange(5)), wanted)


def test_what_is_there_is_a_copy_that_computes_the_same():
    model = Tied()
    homes, wanted = held(model), model(torch.arange(5))
    modules = OffloadedModules([model], CPU)
    with torch.inference_mode():
        modules.come()
    there = held(model)
    assert torch.equal(model(torch.arange(5)), wanted)
    assert not {tensor.data_ptr() for tensor in there} & {tensor.data_ptr() for tensor in homes}
    assert not any(tensor.is_inference() for tensor in there)  # they may be used outside of it too
    modules.come()
    assert all(now is then for now, then in zip(held(model), there, strict=True))  # nothing is copied twice


def test_a_language_model_comes_home_bit_for_bit():
    mllm = make_components().mllm
    ids = torch.arange(9)[None]
    wanted = mllm(input_ids=ids).logits
    modules = OffloadedModules([mllm], META)
    modules.come()
    assert places(mllm) == {"meta"} and mllm.device == META
    modules.stay_home()
    assert places(mllm) == {"cpu"} and torch.equal(mllm(input_ids=ids).logits, wanted)


def test_a_compiled_model_is_not_compiled_again_when_it_comes_again():
    model, compiled = Tied(), []

    def backend(graph, example):
        compiled.append(graph)
        return graph.forward

    model.compile(backend=backend)
    modules = OffloadedModules([model], CPU)
    with torch.inference_mode():
        for _ in range(3):
            modules.come()
            model(torch.arange(5))
            modules.leave()
    assert len(compiled) == 1


def test_where_there_is_no_room_all_stay_at_home():
    """The memory is really short: it is asked for more than any machine has."""
    small, large = nn.Linear(4, 4), nn.Linear(1, 1)
    large.weight = nn.Parameter(torch.ones(1, 1).expand(10**7, 10**7))
    homes = [*held(small), *held(large)]
    modules = OffloadedModules([small, large], CPU)
    assert not modules.fetch() and not modules.on_device
    with pytest.raises(torch.OutOfMemoryError, match="out of memory"):
        modules.come()
    assert all(now is then for now, then in zip([*held(small), *held(large)], homes, strict=True))
    again = OffloadedModules([small], CPU)
    again.come()
    assert again.on_device and torch.equal(small.weight, homes[0])


# pinned memory: how tensors share blocks shows without a card, that they are pinned only with one


def test_tensors_share_blocks_and_keep_their_values_and_strides():
    memory = PinnedMemory(block=2**12, pin=False)
    photo = torch.rand(2, 3, 8, 8).to(memory_format=torch.channels_last)
    given = [
        torch.rand(5, 7),
        photo,
        torch.rand(3, 3).to(torch.bfloat16).t(),
        torch.tensor(3),
        torch.rand(11) > 0.5,
        torch.empty(0, 4),
        torch.rand(40, 40),  # larger than a block
        torch.rand(1, 1).expand(6, 6),
        torch.arange(200),
    ]
    taken = [memory.take(tensor) for tensor in given]
    for before, after in zip(given, taken, strict=True):
        assert after.dtype == before.dtype and torch.equal(after, before)
    assert taken[1].is_contiguous(memory_format=torch.channels_last)
    blocks = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in taken}
    assert sorted(blocks.values()) == [2**12, 2**12, 40 * 40 * 4]


def test_what_the_machine_cannot_spare_is_not_pinned_and_said_once(caplog):
    memory, given = PinnedMemory(block=2**60, pin=False), [torch.rand(3), torch.rand(3)]
    with caplog.at_level(logging.WARNING):
        assert all(memory.take(tensor) is tensor for tensor in given)
    assert [record.msg for record in caplog.records] == ["memory cannot be pinned: weights take longer to the card"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="memory can be pinned here")
def test_where_nothing_can_be_pinned_weights_stay_where_they_are(caplog):
    model = Tied()
    where = [tensor.data_ptr() for tensor in held(model)]
    with caplog.at_level(logging.WARNING):
        OffloadedModules([model], torch.device("cuda"))
    assert [tensor.data_ptr() for tensor in held(model)] == where and len(caplog.records) == 1


@pytest.mark.gpu
def test_on_a_card_homes_are_pinned_and_what_comes_computes_the_same():
    card = torch.device("cuda")
    models = [nn.Sequential(*(nn.Linear(512, 512) for _ in range(8))) for _ in range(2)]
    given = torch.rand(4, 512)
    wanted = [model(given) for model in models]
    first, second = (OffloadedModules([model], card) for model in models)
    assert all(tensor.is_pinned() for model in models for tensor in held(model))
    for _ in range(5):
        first.come()
        second.fetch()
        made = [models[0](given.to(card))]
        first.leave()
        second.come()
        made.append(models[1](given.to(card)))
        second.stay_home()
        for now, then in zip(made, wanted, strict=True):
            torch.testing.assert_close(now.cpu(), then, atol=1e-3, rtol=1e-3)
