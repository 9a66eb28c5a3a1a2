"""Offloaded modules: copies go to the device, the originals are restored unchanged, and memory may run out.

A GPU is simulated by torch's "meta" device, where tensors have a place but no values, and by the CPU, where they have
both.
"""

import logging

import pytest
import torch
from torch import nn

from engine.got.residence.swap import OffloadedModules, PinnedMemory
from tests.engine.got.tiny import make_components

CPU, META = torch.device("cpu"), torch.device("meta")


class Tied(nn.Module):
    """Two names for one matrix, and buffers: a persistent one, and one that is not, under two names."""

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


def test_tied_weights_and_buffers_are_copied_once_and_restored():
    model = Tied()
    before, expected = held(model), model(torch.arange(5))
    modules = OffloadedModules([model], META)
    assert not modules.on_device and places(model) == {"cpu"}
    for _ in range(2):
        modules.come()
        assert modules.on_device and places(model) == {"meta"}
        assert model.head.weight is model.embed.weight and model.inverse is model.original
        assert isinstance(model.head.weight, nn.Parameter) and not model.head.weight.requires_grad
        modules.leave()
        assert all(now is then for now, then in zip(held(model), before, strict=True))
    assert torch.equal(model(torch.arange(5)), expected)


def test_copies_on_the_device_give_the_same_results():
    model = Tied()
    homes, expected = held(model), model(torch.arange(5))
    modules = OffloadedModules([model], CPU)
    with torch.inference_mode():
        modules.come()
    there = held(model)
    assert torch.equal(model(torch.arange(5)), expected)
    assert not {tensor.data_ptr() for tensor in there} & {tensor.data_ptr() for tensor in homes}
    assert not any(tensor.is_inference() for tensor in there)  # they can be used outside of inference mode
    modules.come()
    assert all(now is then for now, then in zip(held(model), there, strict=True))  # nothing is copied twice


def test_a_language_model_is_restored_bit_for_bit():
    mllm = make_components().mllm
    ids = torch.arange(9)[None]
    expected = mllm(input_ids=ids).logits
    modules = OffloadedModules([mllm], META)
    modules.come()
    assert places(mllm) == {"meta"} and mllm.device == META
    modules.stay_home()
    assert places(mllm) == {"cpu"} and torch.equal(mllm(input_ids=ids).logits, expected)


def test_a_compiled_model_is_not_recompiled_when_it_returns_to_the_device():
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


def test_without_enough_memory_nothing_is_copied():
    """Memory really runs out: more is requested than any machine has."""
    small, large = nn.Linear(4, 4), nn.Linear(1, 1)
    large.weight = nn.Parameter(torch.ones(1, 1).expand(10**7, 10**7))
    homes = [*held(small), *held(large)]
    modules = OffloadedModules([small, large], CPU)
    assert not modules.fetch() and not modules.on_device
    with pytest.raises(torch.OutOfMemoryError, match="out of memory"):
        modules.come()
    assert all(now is then for now, then in zip([*held(small), *held(large)], homes, strict=True))
    retry = OffloadedModules([small], CPU)
    retry.come()
    assert retry.on_device and torch.equal(small.weight, homes[0])


# pinned memory: sharing blocks can be tested without a GPU, pinning only with one


def test_tensors_share_blocks_and_keep_their_values_and_strides():
    memory = PinnedMemory(block=2**12, pin=False)
    photo = torch.rand(2, 3, 8, 8).to(memory_format=torch.channels_last)
    tensors = [
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
    copies = [memory.take(tensor) for tensor in tensors]
    for before, after in zip(tensors, copies, strict=True):
        assert after.dtype == before.dtype and torch.equal(after, before)
    assert copies[1].is_contiguous(memory_format=torch.channels_last)
    blocks = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in copies}
    assert sorted(blocks.values()) == [2**12, 2**12, 40 * 40 * 4]


def test_memory_that_the_machine_needs_is_not_pinned_and_warned_about_once(caplog):
    memory, tensors = PinnedMemory(block=2**60, pin=False), [torch.rand(3), torch.rand(3)]
    with caplog.at_level(logging.WARNING):
        assert all(memory.take(tensor) is tensor for tensor in tensors)
    assert [record.msg for record in caplog.records] == ["memory cannot be pinned: weights take longer to the card"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="memory can be pinned here")
def test_without_pinning_weights_stay_where_they_are(caplog):
    model = Tied()
    where = [tensor.data_ptr() for tensor in held(model)]
    with caplog.at_level(logging.WARNING):
        OffloadedModules([model], torch.device("cuda"))
    assert [tensor.data_ptr() for tensor in held(model)] == where and len(caplog.records) == 1


@pytest.mark.gpu
def test_on_a_gpu_originals_are_pinned_and_copies_give_the_same_results():
    card = torch.device("cuda")
    models = [nn.Sequential(*(nn.Linear(512, 512) for _ in range(8))) for _ in range(2)]
    x = torch.rand(4, 512)
    expected = [model(x) for model in models]
    first, second = (OffloadedModules([model], card) for model in models)
    assert all(tensor.is_pinned() for model in models for tensor in held(model))
    for _ in range(5):
        first.come()
        second.fetch()
        actual = [models[0](x.to(card))]
        first.leave()
        second.come()
        actual.append(models[1](x.to(card)))
        second.stay_home()
        for now, then in zip(actual, expected, strict=True):
            torch.testing.assert_close(now.cpu(), then, atol=1e-3, rtol=1e-3)
