"""What a CUDA graph asks of the step that it records: nothing of the host, and tensors that stay where they are.

That the steps write what transformers writes is tested with the reading.
"""

import pytest
import torch
from PIL import Image
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from engine.got.decoding import Decoder, DecodingStep
from engine.got.planner import Planner
from engine.got.reading import Reading
from tests.engine.got.tiny import EDIT


@pytest.fixture(autouse=True)
def inference():
    with torch.inference_mode():
        yield


@pytest.fixture
def reading(planner: Planner, source: Image.Image) -> Reading:
    reading = planner.open(EDIT, source)
    reading.forward()
    reading.append([5])
    return reading


class Calls(TorchDispatchMode):
    """The operators that were called."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.append(func.overloadpacket.__name__)
        return func(*args, **(kwargs or {}))


class Recording(TorchDispatchMode):
    """What a CUDA graph does: runs the operators that were recorded once more, from and into the same tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        self.calls.append((func, args, kwargs or {}, made))
        return made

    def replay(self) -> None:
        for func, args, kwargs, made in self.calls:
            for kept, new in zip(tree_leaves(made), tree_leaves(func(*args, **kwargs)), strict=True):
                if kept.data_ptr() != new.data_ptr():  # neither a view nor changed in place
                    kept.copy_(new)


def load(step: DecodingStep, reading: Reading) -> None:
    step.load(reading._cache, reading.ids, reading._positions[..., -1:] + 1)


def test_a_step_asks_nothing_of_the_host(planner: Planner, reading: Reading):
    step = DecodingStep(planner.mllm, 64)
    load(step, reading)
    with Calls() as calls:
        step._advance()
    # _local_scalar_dense gives the host a number and waits for it, lift_fresh brings one, nonzero's size is the host's
    assert not {"_local_scalar_dense", "lift_fresh", "lift_fresh_copy", "nonzero"} & set(calls.names)
    assert calls.names.count("index_copy_") == 2 * len(step._layers) + 1


def test_the_same_operators_run_at_every_token_on_tensors_that_stay(planner: Planner, reading: Reading):
    step = DecodingStep(planner.mllm, 64)
    load(step, reading)
    kept = [step._token, step._positions, step._ids, *(layer.keys for layer in step._layers)]
    places = [tensor.data_ptr() for tensor in kept]
    runs = []
    for _ in range(3):
        with Calls() as calls:
            step._advance()
        runs.append(calls.names)
    assert runs[0] == runs[1] == runs[2]
    assert [tensor.data_ptr() for tensor in kept] == places
    assert kept == [step._token, step._positions, step._ids, *(layer.keys for layer in step._layers)]


def test_a_recorded_step_played_again_writes_the_same(planner: Planner, reading: Reading):
    """Recorded before anything is loaded, so that nothing of a request can be part of it."""
    step, usual = DecodingStep(planner.mllm, 128), DecodingStep(planner.mllm, 128)
    step._advance()
    with Recording() as recording:
        step._advance()
    step._step = recording.replay
    load(step, reading)
    load(usual, reading)
    assert [step() for _ in range(30)] == [usual() for _ in range(30)]
    for ours, theirs in zip(step._layers, usual._layers, strict=True):
        torch.testing.assert_close(ours.keys[:, :, : step.length], theirs.keys[:, :, : step.length], rtol=0, atol=1e-6)


def test_steps_are_kept_for_the_next_writer_and_never_shared(planner: Planner):
    decoder = Decoder(planner.mllm)
    with decoder.lend(10) as one, decoder.lend(10) as other, decoder.lend(600) as larger:
        assert one is not other and (one.room, other.room, larger.room) == (512, 512, 1024)
    with decoder.lend(511) as again:
        assert again in (one, other) and again.room > 511
    with decoder.lend(512) as roomier:
        assert roomier is larger
    decoder.forget()
    with decoder.lend(10) as new:
        assert new not in (one, other)


def test_what_a_step_held_before_is_not_seen(planner: Planner, reading: Reading, source: Image.Image):
    step, fresh = DecodingStep(planner.mllm, 128), DecodingStep(planner.mllm, 128)
    other = planner.open("something else altogether, and longer than the first", source)
    other.forward()
    other.append([9])
    load(step, other)
    for _ in range(10):
        step()
    load(step, reading)
    load(fresh, reading)
    assert [step() for _ in range(8)] == [fresh() for _ in range(8)]
